import { REAP_UNKNOWN_RUN_AGE_MS } from "../../../src/core/limits.ts";
import { NOBODYS } from "../world/platform.ts";
import type { Check } from "./check.ts";

/** For sweeps that are left out, break off, or can not reach anybody, one a minute. */
const SLACK_MS = 10 * 60_000;

export const nobodysMachinesGo: Check = {
  name: "a machine that no attempt has goes by the sweep, and no other does",
  begin(world) {
    let told = 0;
    return {
      afterStep() {
        for (; told < world.reapedIds.length; told++) {
          const machine = world.platform.machines.find(({ id }) => id === world.reapedIds[told]);
          for (const { state } of world.store.runs.values()) {
            const last = state.attempts.at(-1);
            if (state.run.open && last?.machineName === machine?.name && last?.releasedAt === null)
              return `the sweep told ${machine?.id} to go, which attempt ${last?.number} of ${state.run.id} has`;
          }
        }
        const { calmSince, clockOffMaxMs, time } = world;
        if (calmSince === null) return null;
        for (const machine of world.platform.machines) {
          if (!machine.isAlive || !machine.name.startsWith(NOBODYS)) continue;
          const sinceMs = time.now() - Math.max(machine.createdAt, calmSince);
          if (sinceMs > REAP_UNKNOWN_RUN_AGE_MS + SLACK_MS + 2 * clockOffMaxMs)
            return `${machine.id} is nobody's and has been there for ${sinceMs} ms in calm weather`;
        }
        return null;
      },
    };
  },
};
