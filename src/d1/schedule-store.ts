/** The ScheduleStore on Cloudflare D1. */

import type { ScheduleStore } from "../flow/ports/schedules.ts";
import { d1ArmedFirings } from "./armed-firings.ts";
import { d1FiringLedger } from "./firing-ledger.ts";
import { d1SchedulePlaces } from "./schedule-places.ts";

/** A store of schedules on a D1 database that has the migrations. */
export function d1Schedules(database: D1Database): ScheduleStore {
  return { ...d1SchedulePlaces(database), ...d1ArmedFirings(database), ...d1FiringLedger(database) };
}
