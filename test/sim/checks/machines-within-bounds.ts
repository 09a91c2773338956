import { LET_GO_MS, RUNNER_LINGER_MS, RUNNER_OVERDUE_MS } from "../../../src/core/limits.ts";
import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

/** For what a driver that is woken each minute needs to hear of a limit and to act, by calls that may be repeated for half a minute. */
const SLACK_MS = 300_000;

export const machinesWithinBounds: Check = {
  name: "no machine is older than its limits",
  begin: (world) => ({
    afterStep() {
      for (const machine of world.platform.machines) {
        if (!machine.isAlive) continue;
        const ageMs = world.time.now() - machine.createdAt;
        if (ageMs > boundOf(world, machine)) return `machine ${machine.id} is ${ageMs} ms old`;
      }
      return null;
    },
  }),
};

/** While calls fail nobody can end a machine but its runner; after the storm the driver's limits count from its end. */
function boundOf(world: World, machine: SimMachine): number {
  const { bootMs, runMs, stopMs } = world.orderOf(machine.config.metadata?.mayfly_run ?? "").spec.timeouts;
  const limits = bootMs + runMs + stopMs + RUNNER_OVERDUE_MS + LET_GO_MS + SLACK_MS + 2 * world.clockOffMaxMs;
  const calm =
    world.calmSince === null ? Infinity : world.calmSince - machine.createdAt + SLACK_MS + LET_GO_MS;
  const byItself = machine.runner ? 150_000 + runMs + stopMs + RUNNER_LINGER_MS + SLACK_MS : Infinity;
  return Math.min(byItself, Math.max(limits, calm));
}
