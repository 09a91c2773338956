/** Schedules and firings in the API's words. */

import { formatDuration } from "../core/duration.ts";
import { isOver } from "../core/schedule/complaint.ts";
import { describeRule } from "../core/schedule/describe.ts";
import { nextDue } from "../core/schedule/due.ts";
import type { Alert } from "../flow/ports/alerts.ts";
import type { FlyMachine } from "../flow/ports/fly-schedules.ts";
import type { Firing, StoredSchedule } from "../flow/ports/schedules.ts";
import { alertBody } from "./alert-schema.ts";
import type { FiringBody, StoredScheduleBody } from "./firing-schema.ts";
import { rfc3339, timeOrNull } from "./run-body.ts";
import { awaitedTicket, queueBody } from "./waiting-body.ts";

/** @param machine that Fly starts for it; null where there is none */
export function scheduleBody(
  schedule: StoredSchedule,
  machine: FlyMachine | null,
  last: Firing | null,
  alert: Alert | null,
  nowMs: number,
): StoredScheduleBody {
  const { job, name, spec, place, pausedBy } = schedule;
  const { mode, windowMs, afterPause } = spec.catchUp;
  const rests = pausedBy.length > 0;
  return {
    job,
    name,
    rule: describeRule(spec.rule),
    timezone: spec.rule.kind === "cron" ? spec.rule.timeZone : null,
    overlap: spec.overlap,
    catch_up: { mode, window: formatDuration(windowMs), after_pause: afterPause },
    jitter: formatDuration(spec.jitterMs),
    punctual: spec.punctual ?? false,
    starts: timeOrNull(spec.startsAt),
    ends: timeOrNull(spec.endsAt),
    paused_by: pausedBy,
    paused_at: rests ? timeOrNull(place.pausedAt) : null,
    next_due_at: rests ? null : timeOrNull(nextDue(spec, nowMs)),
    is_over: isOver(spec, nowMs),
    fly:
      spec.rule.kind === "fly"
        ? {
            app: machine?.app ?? null,
            machine_id: machine?.machineId ?? null,
            problem: machine?.problem ?? null,
          }
        : null,
    late_after: spec.lateAfterMs === undefined ? null : formatDuration(spec.lateAfterMs),
    last_firing: last && firingBody(last),
    last_alert: alert && alertBody(alert),
  };
}

/** Of one accepted ahead of its time the run tells nothing of lateness, but the start of its machine does. */
function latenessMs({ dueAt, startAt, runId, run, decidedAt }: Firing): number | null {
  if (runId === null) return null;
  const isAhead = startAt !== null && decidedAt < startAt;
  const metAt = isAhead ? (run?.startedAt ?? null) : decidedAt;
  return metAt === null ? null : Math.max(0, metAt - dueAt);
}

export function firingBody(firing: Firing): FiringBody {
  const { dueAt, throughAt, runId, run, blockedBy, why, decidedAt, outcome, trigger, count, isCountExact } =
    firing;
  const awaited = run === null || run.cancelRequestedAt !== null ? null : awaitedTicket(run);
  return {
    due_at: rfc3339(dueAt),
    outcome,
    trigger,
    run_id: runId,
    late_ms: latenessMs(firing),
    run: run && { status: run.status, reason: run.reason, waiting_for: awaited && queueBody(awaited).for },
    blocked_by: blockedBy,
    why,
    decided_at: rfc3339(decidedAt),
    count,
    is_count_exact: isCountExact,
    through: rfc3339(throughAt),
  };
}
