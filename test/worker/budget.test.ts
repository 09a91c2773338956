import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import { countedD1 } from "../support/counted-d1.ts";
import { createRunToEnd } from "../support/run-to-end.ts";

async function machineCalls(): Promise<number> {
  const response = await fetch(`${inject("machinesUrl")}/_control/calls`);
  const calls = await response.json<Record<string, number>>();
  return Object.values(calls).reduce((sum, count) => sum + count, 0);
}

it("a one-attempt run with small output stays within its budget of rows, statements and calls", async () => {
  const { database, counts } = countedD1(env.DB);
  const runToEnd = createRunToEnd(database, env.OUTPUT, inject("machinesUrl"));
  const callsBefore = await machineCalls();
  const { state, driverRequests } = await runToEnd({ command: ["echo", "hi"] });
  const calls = (await machineCalls()) - callsBefore;
  console.log(
    `one run: ${counts.rowsWritten} rows written, ${counts.statements} statements, ${calls} Machines API calls, ${driverRequests} driver requests`,
  );
  expect(state.run).toMatchObject({ status: "succeeded", open: false, output: { stdoutBytes: 3 } });
  expect(counts.rowsWritten).toBeLessThanOrEqual(20);
  expect(counts.statements).toBeLessThanOrEqual(12);
  expect(calls).toBeLessThanOrEqual(7);
  expect(driverRequests).toBeLessThanOrEqual(2);
});
