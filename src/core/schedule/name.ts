/** The name of a schedule that was given none: it follows from the rule, so that a change of anything else leaves the schedule's ledger its own. */

import { formatInHours } from "../duration.ts";
import type { Rule } from "./schedule.ts";

/** Such as "every-15m" or "cron-0f3a91c2"; two rules of one text and time zone have the same. */
export function nameOf(rule: Rule): string {
  switch (rule.kind) {
    case "every":
      // Not as it is told: another name would be another schedule, with a ledger of its own.
      return `every-${formatInHours(rule.everyMs)}`;
    case "fly":
      return `fly-${rule.period}`;
    case "at":
      return `at-${hashOf(rule.times.toSorted((a, b) => a - b).join())}`;
    case "cron":
      return `cron-${hashOf(`${rule.cron.trim().split(/\s+/).join(" ").toLowerCase()} ${rule.timeZone.toLowerCase()}`)}`;
  }
}

/** Eight hexadecimal digits (FNV-1a). It only has to tell a few schedules of one job apart. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
