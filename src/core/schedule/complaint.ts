/** What is wrong with when a schedule is to be due, in words for whoever wrote it. */

import { formatDuration } from "../duration.ts";
import {
  SCHEDULE_AT_MAX,
  SCHEDULE_EVERY_MAX_MS,
  SCHEDULE_EVERY_MIN_MS,
  SCHEDULE_TIME_MAX_MS,
} from "../limits.ts";
import { parseCron } from "./cron.ts";
import { nextDue } from "./due.ts";
import type { AtRule, CronRule, EveryRule, Rule, Timing } from "./schedule.ts";
import { zoneComplaint } from "./zone-name.ts";

/** A sentence about one field, which goes on after the field's name. */
export interface TimingComplaint {
  field: "cron" | "timezone" | "every" | "at" | "ends";
  message: string;
}

/** All that is wrong with when a schedule is due; nothing: it is at least once, or when Fly says so. */
export function timingComplaints(timing: Timing): TimingComplaint[] {
  const found = [...ruleComplaints(timing.rule), ...endsComplaints(timing.startsAt, timing.endsAt)];
  return found.length > 0 ? found : firesComplaints(timing);
}

/** All that is wrong with a rule by itself. */
export function ruleComplaints(rule: Rule): TimingComplaint[] {
  if (rule.kind === "fly") return [];
  if (rule.kind === "cron") return ofCron(rule);
  const wrong = rule.kind === "every" ? ofEvery(rule) : ofAt(rule);
  return wrong === null ? [] : [wrong];
}

/** What is wrong with the ends of the stretch of time in which something is due. */
export function endsComplaints(startsAt: number | null, endsAt: number | null): TimingComplaint[] {
  return endsAt !== null && startsAt !== null && endsAt <= startsAt
    ? [{ field: "ends", message: "must be later than starts" }]
    : [];
}

/** That nothing is ever due, where neither rule nor ends are wrong by themselves. */
export function firesComplaints(timing: Timing): TimingComplaint[] {
  const { rule, startsAt } = timing;
  return rule.kind === "fly" || nextDue(timing, startsAt === null ? -1 : startsAt - 1) !== null
    ? []
    : [{ field: "ends", message: "is before the first time that is due: the schedule would never fire" }];
}

/**
 * That nothing of a schedule is due any more. It is no mistake: whoever puts the same again once its times are past changes nothing.
 * @returns null where something is due yet, or Fly says when
 */
export function overNote(timing: Timing, nowMs: number): TimingComplaint | null {
  const { rule, endsAt } = timing;
  if (!isOver(timing, nowMs)) return null;
  const never = "the schedule is never due again";
  if (endsAt !== null && endsAt <= nowMs) return { field: "ends", message: `is past: ${never}` };
  if (rule.kind === "at" && rule.times.every((time) => time <= nowMs))
    return {
      field: "at",
      message: rule.times.length === 1 ? `is past: ${never}` : `has only times that are past: ${never}`,
    };
  return { field: "ends", message: `is before the next time that would be due: ${never}` };
}

/** Whether nothing is due after a moment. */
export function isOver(timing: Timing, nowMs: number): boolean {
  return timing.rule.kind !== "fly" && nextDue(timing, nowMs) === null;
}

function ofCron({ cron, timeZone }: CronRule): TimingComplaint[] {
  const parsed = parseCron(cron);
  const ofZone = zoneComplaint(timeZone);
  return [
    ...("complaint" in parsed ? [{ field: "cron" as const, message: parsed.complaint }] : []),
    ...(ofZone === null ? [] : [{ field: "timezone" as const, message: ofZone }]),
  ];
}

function ofEvery({ everyMs }: EveryRule): TimingComplaint | null {
  const isPossible =
    everyMs % 1000 === 0 && everyMs >= SCHEDULE_EVERY_MIN_MS && everyMs <= SCHEDULE_EVERY_MAX_MS;
  if (isPossible) return null;
  const [least, most] = [SCHEDULE_EVERY_MIN_MS, SCHEDULE_EVERY_MAX_MS].map(formatDuration);
  return { field: "every", message: `must be whole seconds, from ${least} to ${most}` };
}

function ofAt({ times }: AtRule): TimingComplaint | null {
  if (times.length === 0 || times.length > SCHEDULE_AT_MAX)
    return { field: "at", message: `must be one time, or a list of up to ${SCHEDULE_AT_MAX}` };
  return times.every((time) => Number.isSafeInteger(time) && time >= 0 && time <= SCHEDULE_TIME_MAX_MS)
    ? null
    : { field: "at", message: "must be times from the year 1970 to 9999" };
}
