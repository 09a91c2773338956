import type { SimMachine } from "../world/machine.ts";
import { NOBODYS } from "../world/platform.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

const SECOND = 1000;
/** For what a driver that is woken each minute needs to hear of a limit and to act, by calls that are repeated each half a minute. */
const SLACK_MS = 300 * SECOND;
/** The slowest boot there is. */
const BOOT_MAX_MS = 150 * SECOND;
/** How long a runner waits for its output to be fetched. */
const LINGER_MS = 600 * SECOND;
/** What a machine may take to end once it was let go, until it is destroyed, with a sweep in between. */
const LET_GO_MS = 120 * SECOND;

export const machinesWithinBounds: Check = {
  name: "no machine is older than its limits, or outlives its attempt",
  begin: (world) => ({
    afterStep() {
      for (const machine of world.platform.machines) {
        if (!machine.isAlive || machine.name.startsWith(NOBODYS)) continue;
        const ageMs = world.time.now() - machine.createdAt;
        if (ageMs > boundOf(world, machine)) return `machine ${machine.id} is ${ageMs} ms old`;
        const pastMs = pastItsAttempt(world, machine);
        if (pastMs > LET_GO_MS)
          return `machine ${machine.id} goes on ${pastMs} ms after its attempt has ended`;
      }
      return null;
    },
  }),
};

/** While calls fail nobody can end a machine but its runner; after the storm the driver's limits count from its end. */
function boundOf(world: World, machine: SimMachine): number {
  const { bootMs, runMs, stopMs } = world.orderOf(runOf(machine)).spec.timeouts;
  const limits = bootMs + runMs + stopMs + SLACK_MS + 2 * world.clockOffMaxMs;
  const calm = world.calmSince === null ? Infinity : world.calmSince - machine.createdAt + SLACK_MS;
  const waitMs = machine.door ? bootMs + LINGER_MS : 0;
  const isBounded = machine.door !== null || machine.runner !== null;
  const byItself = isBounded ? BOOT_MAX_MS + waitMs + runMs + stopMs + LINGER_MS + SLACK_MS : Infinity;
  return Math.min(byItself, Math.max(limits, calm));
}

/** How long its attempt has been over, in calm weather. */
function pastItsAttempt(world: World, machine: SimMachine): number {
  const { attempts = [] } = world.store.runs.get(runOf(machine))?.state ?? {};
  const settledAt = attempts.find(({ machineName }) => machineName === machine.name)?.settledAt ?? null;
  if (settledAt === null || world.calmSince === null) return 0;
  return world.time.now() - Math.max(settledAt + 2 * world.clockOffMaxMs, world.calmSince);
}

function runOf(machine: SimMachine): string {
  return machine.config.metadata?.mayfly_run ?? "";
}
