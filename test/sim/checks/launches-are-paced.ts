import { METADATA_ATTEMPT, METADATA_RUN } from "../../../src/core/machine.ts";
import type { SimMachine } from "../world/machine.ts";
import type { LaunchTaking } from "../world/recording-store.ts";
import type { World } from "../world/world.ts";
import { AT_ONCE } from "./book-of-launches.ts";
import type { Check } from "./check.ts";

export const launchesArePaced: Check = {
  name: "an app is given two launches at once and then one each interval, in any stretch of time, and no machine is made before its launch",
  begin(world) {
    let seenTakings = 0;
    let seenMachines = 0;
    return {
      afterStep() {
        const { takings } = world.store;
        for (; seenTakings < takings.length; seenTakings++) {
          const wrong = tooMany(takings, takings[seenTakings] as LaunchTaking);
          if (wrong) return wrong;
        }
        const { machines } = world.platform;
        for (; seenMachines < machines.length; seenMachines++) {
          const wrong = tooEarly(world, machines[seenMachines] as SimMachine);
          if (wrong) return wrong;
        }
        return null;
      },
    };
  },
};

/** Whether there are more in any stretch that ends with this one, or begins with it. */
function tooMany(takings: LaunchTaking[], one: LaunchTaking): string | null {
  const { app, intervalMs } = one;
  const times = takings.filter((other) => other.app === app && !other.isPutBack).map(({ at }) => at);
  for (const from of times) {
    const [first, last] = [Math.min(from, one.at), Math.max(from, one.at)];
    const count = times.filter((at) => at >= first && at <= last).length;
    if (count > AT_ONCE + (last - first) / intervalMs)
      return `${app} is given ${count} launches within ${last - first} ms`;
  }
  return null;
}

function tooEarly(world: World, { config }: SimMachine): string | null {
  const run = world.store.runs.get(config.metadata?.[METADATA_RUN] ?? "");
  const number = Number(config.metadata?.[METADATA_ATTEMPT]);
  if (!run) return null;
  const times = run.events.flatMap(({ event }) =>
    (event.type === "attempt_planned" || event.type === "launch_taken") && event.attempt === number
      ? [event.launchAt]
      : [],
  );
  const earlyMs = Math.min(...times) - world.time.now();
  return earlyMs > 2 * world.clockOffMaxMs
    ? `run ${run.state.run.id} has a machine ${earlyMs} ms before its launch`
    : null;
}
