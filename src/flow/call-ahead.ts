/**
 * Call: schedules were changed, are gone, or rest, and runs that were accepted ahead for them are not wanted any more. Their drivers find that
 * out by themselves before they start anything (`start.ts`); who is called does so now, and its Machine and slot are free at once.
 */

import type { ScheduleStore, StoredSchedule } from "./ports/schedules.ts";
import type { Clock, Drivers } from "./ports.ts";

/** @param before the schedules as they were before that */
export async function callAhead(
  ports: { schedules: Pick<ScheduleStore, "ahead">; drivers: Pick<Drivers, "nudge">; clock: Clock },
  before: StoredSchedule[],
): Promise<void> {
  const { schedules, drivers, clock } = ports;
  const now = clock.now();
  const punctual = before.filter(({ spec }) => spec.punctual);
  const runIds = await Promise.all(punctual.map((one) => schedules.ahead(one, now - one.spec.jitterMs, now)));
  await Promise.allSettled(runIds.flat().map((runId) => drivers.nudge(runId)));
}
