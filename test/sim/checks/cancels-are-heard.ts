import { isFinal, type Run } from "../../../src/core/run.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

/** For the sweep that tells a driver that did not hear it, a poll that is held meanwhile, and calls that are repeated. */
const SLACK_MS = 120_000;

export const cancelsAreHeard: Check = {
  name: "a run that was asked to cancel ends within its stop limit, and none is cancelled unasked",
  begin: (world) => ({
    onChange({ state: { run } }) {
      const wrong = run.status === "cancelled" ? wrongCancel(world, run) : null;
      return wrong && `run ${run.id} is cancelled (${run.reason}): ${wrong}`;
    },
    afterStep() {
      if (world.calmSince === null) return null;
      const now = world.time.now();
      for (const { state } of world.store.runs.values()) {
        const { id, status, cancelRequestedAt, spec } = state.run;
        if (cancelRequestedAt === null || isFinal(status)) continue;
        const since = Math.max(cancelRequestedAt, world.calmSince);
        const boundMs = spec.timeouts.stopMs + SLACK_MS + 2 * world.clockOffMaxMs;
        if (now - since > boundMs) return `run ${id} is ${status} ${now - since} ms after its cancel`;
      }
      return null;
    },
  }),
};

/** Somebody asked for it, or a newer run of its key did, or it was not to wait, or not for so long. */
function wrongCancel(world: World, run: Run): string | null {
  const { acceptedAt, settledAt, supersededBy } = run;
  const { concurrency, delayMs, expiresMs } = run.spec;
  switch (run.reason) {
    case "superseded": {
      const by = world.store.runs.get(supersededBy ?? "")?.state.run;
      if (by === undefined || by.id < run.id) return `${supersededBy} has no say in it`;
      const isOfKey =
        by.spec.concurrency?.strategy === "cancel_running" && by.spec.concurrency.key === concurrency?.key;
      const isOfSchedule =
        by.firing?.overlap === "cancel_running" &&
        by.firing.schedule === run.firing?.schedule &&
        by.job?.name === run.job?.name;
      return isOfKey || isOfSchedule ? null : `${supersededBy} has no say in it`;
    }
    case "dropped":
      return concurrency?.strategy === "drop_new" ? null : "it was to wait";
    case "expired":
      return (settledAt ?? 0) + 2 * world.clockOffMaxMs >= acceptedAt + delayMs + expiresMs
        ? null
        : "too early";
    default:
      return world.orderOf(run.id).cancelAskedAt !== null || hasLostItsDueTime(world, run)
        ? null
        : "nobody asked for it";
  }
}

/** It was accepted ahead, and its schedule was changed or rests since. */
export function hasLostItsDueTime(
  { schedules, hasSchedules }: World,
  { id, orgId, job, firing }: Run,
): boolean {
  if (!hasSchedules || !firing?.ahead || job === null) return false;
  return schedules.row({ orgId, job: job.name, name: firing.schedule }, firing.dueAt)?.runId !== id;
}
