import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import { countedD1 } from "../support/counted-d1.ts";
import { createRunToEnd } from "../support/run-to-end.ts";

it("a one-attempt run with small output stays within its budget of rows, statements and calls", async () => {
  const { database, counts } = countedD1(env.DB);
  let calls = 0;
  // Counted here and not by the server, which other tests call at the same time.
  const callMachines: typeof fetch = (input, init) => {
    calls += 1;
    return fetch(input, init);
  };
  const runToEnd = createRunToEnd(database, env.OUTPUT, inject("machinesUrl"), callMachines);
  const { state, driverRequests } = await runToEnd({ command: ["echo", "hi"] });
  console.log(
    `one run: ${counts.rowsWritten} rows written, ${counts.statements} statements, ${calls} Machines API calls, ${driverRequests} driver requests`,
  );
  expect(state.run).toMatchObject({ status: "succeeded", open: false, output: { stdoutBytes: 3 } });
  expect(counts.rowsWritten).toBeLessThanOrEqual(20);
  expect(counts.statements).toBeLessThanOrEqual(12);
  expect(calls).toBeLessThanOrEqual(7);
  expect(driverRequests).toBeLessThanOrEqual(2);
});
