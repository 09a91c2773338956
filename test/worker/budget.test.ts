import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import type { RunJob } from "../../src/core/job.ts";
import { LAUNCHES_PER_SECOND_DEFAULT } from "../../src/core/limits.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import type { LaunchSettings } from "../../src/flow/launches.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { createRunToEnd, secretKeeperOn } from "../support/run-to-end.ts";
import { unhurriedMachines } from "../support/unhurried-machines.ts";

const BUDGET = { rowsWritten: 15, statements: 9, machineCalls: 6, driverRequests: 1 };
type Counts = typeof BUDGET;
/** What secrets cost besides: they are looked up once, and given by one call. */
const WITH_SECRETS = { ...BUDGET, statements: BUDGET.statements + 1, machineCalls: BUDGET.machineCalls + 1 };
/** What a run with a concurrency key costs beyond that: the event and the ticket of its slot, which goes again, and a look for who is next. */
const WITH_KEY = { ...BUDGET, rowsWritten: BUDGET.rowsWritten + 3, statements: BUDGET.statements + 3 };

/** As `npm start` has it, where nothing is paced, and as it is deployed. */
const UNPACED: LaunchSettings = { apps: ["budget"], perSecond: 0 };
const DEPLOYED: LaunchSettings = { apps: ["budget-a", "budget-b"], perSecond: LAUNCHES_PER_SECOND_DEFAULT };

async function countOneRun(
  launches: LaunchSettings = UNPACED,
  spec: Partial<RunSpec> = {},
  job?: RunJob,
): Promise<Counts> {
  const { database, counts } = countedD1(env.DB);
  const machines = unhurriedMachines();
  const runToEnd = createRunToEnd(database, env.OUTPUT, inject("machinesUrl"), machines.fetch, launches);
  const { state, driverRequests } = await runToEnd({ command: ["echo", "hi"], ...spec }, job);
  expect(state.run).toMatchObject({ status: "succeeded", open: false, output: { stdoutBytes: 3 } });
  return {
    rowsWritten: counts.rowsWritten,
    statements: counts.statements,
    machineCalls: machines.calls(),
    driverRequests,
  };
}

it("a one-attempt run with small output stays within its budget of rows, statements and calls", async () => {
  expect(await countOneRun()).toEqual(BUDGET);
});

it("a pace of launches costs a run one row and one statement, and no call", async () => {
  expect(await countOneRun(DEPLOYED)).toEqual({
    ...BUDGET,
    rowsWritten: BUDGET.rowsWritten + 1,
    statements: BUDGET.statements + 1,
  });
});

it("secrets cost a run one statement and one call more", async () => {
  await secretKeeperOn(env.DB).set("default", "KEY", "a value");
  expect(await countOneRun(UNPACED, { secrets: { KEY: "KEY" } })).toEqual(WITH_SECRETS);
});

it("a slot of a concurrency key that is free costs a run an event, a ticket and a look for who is next", async () => {
  const concurrency = { key: "budget", limit: 1, strategy: "queue" as const };
  expect(await countOneRun(UNPACED, { concurrency })).toEqual(WITH_KEY);
});

it("a job's run costs one row more than one whose spec came inline, and nothing else", async () => {
  const job = { name: "budget", version: 1, input: '{"a":1}' };
  expect(await countOneRun(UNPACED, {}, job)).toEqual({ ...BUDGET, rowsWritten: BUDGET.rowsWritten + 1 });
});
