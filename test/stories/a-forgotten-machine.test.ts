import { afterAll, beforeAll, expect, it } from "vitest";
import type { MachineListBody } from "../../src/api/machine-schema.ts";
import { machineName } from "../../src/core/id.ts";
import { REAP_SEEN_BEFORE_MS } from "../../src/core/limits.ts";
import { METADATA_DEPLOYMENT } from "../../src/core/machine.ts";
import { type CountingProxy, countingProxy } from "../support/counting-proxy.ts";
import { eventually } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

const MACHINES = "/v1/apps/mayfly-runs/machines";

let stack: Stack;
let proxy: CountingProxy;
beforeAll(async () => {
  stack = await startStack({
    async behind(machinesUrl) {
      proxy = await countingProxy(machinesUrl);
      return proxy.url;
    },
  });
});
afterAll(async () => {
  await stack?.close();
  await proxy?.close();
});

const list = async () => (await (await stack.call("/v1/machines")).json()) as MachineListBody;
const stateOf = async (name: string) =>
  (await stack.machines()).find((machine) => machine.name === name)?.state;

async function aForeignMachine(name: string, metadata: Record<string, string>) {
  const response = await fetch(`${stack.machinesUrl}${MACHINES}`, {
    method: "POST",
    headers: { authorization: "Bearer local-story" },
    body: JSON.stringify({
      name,
      config: { image: "debian:12", init: { exec: ["sleep", "600"] }, auto_destroy: true, metadata },
    }),
  });
  expect(response.status).toBe(200);
}

it("a machine that comes to be after its run was given up is gone after the second sweep that finds it", async () => {
  const create = proxy.hold("POST", MACHINES);
  const { id } = await stack.submit({ command: ["sleep", "500"], timeouts: { queue: "1s" } });
  const name = machineName(id, 1);
  // Another Mayfly's, and one that no Mayfly has made.
  const foreign = [`mayfly-${"0".repeat(26)}-1`, "a-web-server"];
  await aForeignMachine(foreign[0] ?? "", { [METADATA_DEPLOYMENT]: "0123456789abcdef" });
  await aForeignMachine(foreign[1] ?? "", {});
  expect(await stack.final(id)).toMatchObject({ reason: "timed_out", limit: "queue" });
  await stack.eventsUntil(id, "machine_released");
  expect(await create.handOn()).toBe(200);
  await eventually("the machine that nobody waits for", async () => (await stateOf(name)) === "started");
  expect(await list()).toMatchObject({
    machines: [{ run_id: id, attempt: 1, known: false, why: "run_is_over" }],
    counts: { known: 0, unknown: 1 },
  });

  await stack.fireCron();
  await stack.fireCron();
  expect(await stateOf(name)).toBe("started");
  stack.ageSightings(REAP_SEEN_BEFORE_MS);
  // A list that is empty by mistake, and one that can not be had.
  await stack.fault({ operation: "list", kind: "empty", count: 1 });
  await stack.fireCron();
  await stack.fault({ operation: "list", kind: "error_before", status: 500, body: "{}", count: 1 });
  await stack.fireCron();
  expect(await stateOf(name)).toBe("started");
  const busy = await stack.submit({ command: ["sleep", "500"] });
  await stack.reaching(busy.id, "running");
  await stack.fireCron();
  await eventually("its end", async () => (await stateOf(name)) === "destroyed");
  expect(await list()).toMatchObject({
    machines: [{ run_id: busy.id, known: true, why: "attempt_under_way" }],
    counts: { known: 1, unknown: 0 },
    reaped: { total: 1, last_24_hours: 1 },
    last_sweep_at: expect.any(String),
  });
  expect((await stack.call(`/v1/runs/${busy.id}/cancel`, { method: "POST" })).status).toBe(202);
  expect(await stack.final(busy.id)).toMatchObject({ status: "cancelled" });
  expect(await Promise.all(foreign.map(stateOf))).toEqual(["started", "started"]);
});
