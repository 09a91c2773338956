import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import type { RunJob } from "../../src/core/job.ts";
import { LAUNCHES_PER_SECOND_DEFAULT } from "../../src/core/limits.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import type { LaunchSettings } from "../../src/flow/launches.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { createRunToEnd, secretKeeperOn } from "../support/run-to-end.ts";

const BUDGET = { rowsWritten: 20, statements: 12, machineCalls: 7, driverRequests: 1 };
type Counts = typeof BUDGET;
/** What secrets cost besides: they are looked up once, and given by one call. */
const WITH_SECRETS = { ...BUDGET, statements: BUDGET.statements + 1, machineCalls: BUDGET.machineCalls + 1 };
/** What a run with a concurrency key may cost beyond that: the event and the ticket of its slot, which goes again, and a look for who is next. */
const QUEUE_BUDGET: Counts = { rowsWritten: 3, statements: 3, machineCalls: 0, driverRequests: 0 };

/** As `npm start` has it, where nothing is paced, and as it is deployed. */
const UNPACED: LaunchSettings = { apps: ["budget"], perSecond: 0 };
const DEPLOYED: LaunchSettings = { apps: ["budget-a", "budget-b"], perSecond: LAUNCHES_PER_SECOND_DEFAULT };

async function countOneRun(
  launches: LaunchSettings = UNPACED,
  spec: Partial<RunSpec> = {},
  job?: RunJob,
): Promise<Counts> {
  const { database, counts } = countedD1(env.DB);
  let machineCalls = 0;
  // Counted here and not by the server, which other tests call at the same time.
  const callMachines: typeof fetch = (input, init) => {
    machineCalls += 1;
    return fetch(input, init);
  };
  const runToEnd = createRunToEnd(database, env.OUTPUT, inject("machinesUrl"), callMachines, launches);
  const { state, driverRequests } = await runToEnd({ command: ["echo", "hi"], ...spec }, job);
  expect(state.run).toMatchObject({ status: "succeeded", open: false, output: { stdoutBytes: 3 } });
  return { rowsWritten: counts.rowsWritten, statements: counts.statements, machineCalls, driverRequests };
}

const isWithin = (budget: Counts) => (counts: Counts) =>
  Object.entries(budget).every(([what, most]) => counts[what as keyof Counts] <= most);

/** On a computer that has no time for the machine a run is looked at more often, which is not its price. */
async function leastOf(launches: LaunchSettings, budget: Counts): Promise<Counts> {
  let counts = await countOneRun(launches);
  for (let again = 0; again < 4 && !isWithin(budget)(counts); again++) counts = await countOneRun(launches);
  return counts;
}

it("a one-attempt run with small output stays within its budget of rows, statements and calls", async () => {
  const counts = await leastOf(UNPACED, BUDGET);
  console.log("one run:", counts);
  expect(counts).toSatisfy(isWithin(BUDGET));
});

it("a pace of launches costs a run one row and one statement, and no call", async () => {
  const unpaced = await leastOf(UNPACED, BUDGET);
  const budget = {
    ...unpaced,
    rowsWritten: unpaced.rowsWritten + 1,
    statements: unpaced.statements + 1,
  };
  const paced = await leastOf(DEPLOYED, budget);
  console.log("one run, paced:", paced);
  expect(paced).toSatisfy(isWithin(budget));
});

it("secrets cost a run one statement and one call more", async () => {
  await secretKeeperOn(env.DB).set("default", "KEY", "a value");
  const secrets = { KEY: "KEY" };
  const isWithinBudget = isWithin(WITH_SECRETS);
  let counts = await countOneRun(UNPACED, { secrets });
  for (let again = 0; again < 4 && !isWithinBudget(counts); again++)
    counts = await countOneRun(UNPACED, { secrets });
  console.log("one run with secrets:", counts);
  expect(counts).toSatisfy(isWithinBudget);
});

it("a slot of a concurrency key that is free costs a run an event, a ticket and a look for who is next", async () => {
  const concurrency = { key: "budget", limit: 1, strategy: "queue" as const };
  const isWithinBudget = isWithin(
    Object.fromEntries(
      Object.entries(BUDGET).map(([what, most]) => [what, most + QUEUE_BUDGET[what as keyof Counts]]),
    ) as Counts,
  );
  let counts = await countOneRun(UNPACED, { concurrency });
  for (let again = 0; again < 4 && !isWithinBudget(counts); again++)
    counts = await countOneRun(UNPACED, { concurrency });
  console.log("one run with a concurrency key:", counts);
  expect(counts).toSatisfy(isWithinBudget);
});

it("a job's run costs one row more than one whose spec came inline, and nothing else", async () => {
  const plain = await leastOf(UNPACED, BUDGET);
  const isWithinBudget = isWithin({ ...plain, rowsWritten: plain.rowsWritten + 1 });
  const job = { name: "budget", version: 1, input: '{"a":1}' };
  let counts = await countOneRun(UNPACED, {}, job);
  for (let again = 0; again < 4 && !isWithinBudget(counts); again++)
    counts = await countOneRun(UNPACED, {}, job);
  console.log("one run of a job:", counts);
  expect(counts).toSatisfy(isWithinBudget);
});
