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
import type { AtRule, CronRule, EveryRule, Timing } from "./schedule.ts";
import { zoneComplaint } from "./zone-name.ts";

/** A sentence about one field, which goes on after the field's name. */
export interface TimingComplaint {
  field: "cron" | "timezone" | "every" | "at" | "ends";
  message: string;
}

/** The first thing that is wrong; null: nothing, and the schedule is due at least once, or when Fly says so. */
export function timingComplaint(timing: Timing): TimingComplaint | null {
  const { rule, startsAt, endsAt } = timing;
  if (rule.kind === "fly") return null;
  const wrong = rule.kind === "cron" ? ofCron(rule) : rule.kind === "every" ? ofEvery(rule) : ofAt(rule);
  if (wrong !== null) return wrong;
  if (endsAt !== null && startsAt !== null && endsAt <= startsAt)
    return { field: "ends", message: "must be later than starts" };
  return nextDue(timing, startsAt === null ? -1 : startsAt - 1) === null
    ? { field: "ends", message: "is before the first time that is due: the schedule would never fire" }
    : null;
}

function ofCron({ cron, timeZone }: CronRule): TimingComplaint | null {
  const parsed = parseCron(cron);
  if ("complaint" in parsed) return { field: "cron", message: parsed.complaint };
  const message = zoneComplaint(timeZone);
  return message === null ? null : { field: "timezone", message };
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
