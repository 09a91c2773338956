import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { createRunToEnd, secretKeeperOn } from "../support/run-to-end.ts";

const BUDGET = { rowsWritten: 20, statements: 12, machineCalls: 7, driverRequests: 1 };
type Counts = typeof BUDGET;
/** What secrets cost besides: they are looked up once, and given by one call. */
const WITH_SECRETS = { ...BUDGET, statements: BUDGET.statements + 1, machineCalls: BUDGET.machineCalls + 1 };
/** What a run with a concurrency key may cost beyond that: the event and the ticket of its slot, which goes again, and a look for who is next. */
const QUEUE_BUDGET: Counts = { rowsWritten: 3, statements: 3, machineCalls: 0, driverRequests: 0 };

async function countOneRun(spec: Partial<RunSpec> = {}): Promise<Counts> {
  const { database, counts } = countedD1(env.DB);
  let machineCalls = 0;
  // Counted here and not by the server, which other tests call at the same time.
  const callMachines: typeof fetch = (input, init) => {
    machineCalls += 1;
    return fetch(input, init);
  };
  const runToEnd = createRunToEnd(database, env.OUTPUT, inject("machinesUrl"), callMachines);
  const { state, driverRequests } = await runToEnd({ command: ["echo", "hi"], ...spec });
  expect(state.run).toMatchObject({ status: "succeeded", open: false, output: { stdoutBytes: 3 } });
  return { rowsWritten: counts.rowsWritten, statements: counts.statements, machineCalls, driverRequests };
}

const isWithin = (budget: Counts) => (counts: Counts) =>
  Object.entries(budget).every(([what, most]) => counts[what as keyof Counts] <= most);

it("a one-attempt run with small output stays within its budget of rows, statements and calls", async () => {
  const isWithinBudget = isWithin(BUDGET);
  let counts = await countOneRun();
  // On a computer that has no time for the machine a run is looked at more often, which is not its price.
  for (let again = 0; again < 4 && !isWithinBudget(counts); again++) counts = await countOneRun();
  console.log("one run:", counts);
  expect(counts).toSatisfy(isWithinBudget);
});

it("secrets cost a run one statement and one call more", async () => {
  await secretKeeperOn(env.DB).set("default", "KEY", "a value");
  const secrets = { KEY: "KEY" };
  const isWithinBudget = isWithin(WITH_SECRETS);
  let counts = await countOneRun({ secrets });
  for (let again = 0; again < 4 && !isWithinBudget(counts); again++) counts = await countOneRun({ secrets });
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
  let counts = await countOneRun({ concurrency });
  for (let again = 0; again < 4 && !isWithinBudget(counts); again++)
    counts = await countOneRun({ concurrency });
  console.log("one run with a concurrency key:", counts);
  expect(counts).toSatisfy(isWithinBudget);
});
