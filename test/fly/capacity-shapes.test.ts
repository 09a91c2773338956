import { describe, expect, it } from "vitest";
import { planAttempt } from "../../src/core/plan.ts";
import { FlyClient } from "../../src/fly/client.ts";
import { flyMachines } from "../../src/fly/machines.ts";
import { CAPACITY_SHAPE_NAMES } from "../../src/fly-local/faults/capacity.ts";
import { serve } from "../fly-local/support.ts";
import { aQueuedRun, T0 } from "../support/a-run.ts";

describe("a create that is refused for want of room", async () => {
  const fly = await serve({ isolation: "process" });
  const { machineName, machineConfig } = planAttempt(aQueuedRun().state, null, T0);
  const machines = flyMachines(
    new FlyClient({ baseUrl: fly.url, app: "test", token: "local" }),
    async () => "tests",
  );

  it.each(CAPACITY_SHAPE_NAMES)("is known as that in the shape that Fly says it: %s", async (shape) => {
    await fly.call("POST", "/_control/faults", { operation: "create", kind: "no_capacity", shape });
    expect(await machines.create(machineName, machineConfig, [])).toMatchObject({
      kind: "refused",
      reason: "no_capacity",
    });
  });
});
