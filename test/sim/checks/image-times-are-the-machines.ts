import type { Attempt } from "../../../src/core/attempt.ts";
import { SLOW_START_MS } from "../../../src/core/limits.ts";
import { LAG_MAX_MS } from "../world/model.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

export const imageTimesAreTheMachines: Check = {
  name: "a start that took long says when its image was ready, as the machine has it, unless the machine could not be asked",
  begin(world) {
    /** By run: attempts whose start was looked at. */
    const seen = new Map<string, number>();
    return {
      onChange({ state: { run, attempts } }) {
        for (let index = seen.get(run.id) ?? 0; index < attempts.length; index++) {
          const attempt = attempts[index] as Attempt;
          if (attempt.startedAt === null && attempt.settledAt === null) break;
          seen.set(run.id, index + 1);
          const wrong = wrongTime(world, attempt);
          if (wrong) return `attempt ${attempt.number} of run ${run.id} ${wrong}`;
        }
        return null;
      },
    };
  },
};

function wrongTime(world: World, attempt: Attempt): string | null {
  const { startedAt, imageReadyAt } = attempt;
  const { startsAt = 0 } = attempt.machineConfig;
  const machine = world.machineOf(attempt);
  if (imageReadyAt !== null)
    return imageReadyAt === machine?.imageReadyAt
      ? null
      : `had its image at ${imageReadyAt}, and its machine at ${machine?.imageReadyAt}`;
  if (startedAt === null || attempt.createdAt === null || machine === null) return null;
  // A clock that was set meanwhile makes a start long that was not.
  if (world.clockOffMaxMs > 0 || startedAt - Math.max(attempt.createdAt, startsAt) < SLOW_START_MS)
    return null;
  // A look that is behind shows it without its image.
  if (machine.imageReadyAt === null || startedAt - machine.imageReadyAt <= LAG_MAX_MS) return null;
  // One that was answered is there twice.
  const asks = machine.asks.filter(({ at }) => at >= startedAt);
  const answers = asks.filter(({ answered }) => answered);
  return asks.length > 2 * answers.length
    ? null
    : `took ${startedAt - attempt.createdAt} ms to start and does not say what for`;
}
