/** Forget: firings, alerts and notifications that are too old to be of use go, once an hour and some at a time. */

import { firstNotificationIdAt } from "../core/id.ts";
import {
  FIRINGS_KEPT_MS,
  FORGET_BATCH_ALERTS,
  FORGET_BATCH_FIRINGS,
  FORGET_BATCH_NOTIFICATIONS,
  FORGET_EVERY_MS,
  FORGET_MAX_ALERT_BATCHES,
  FORGET_MAX_NOTIFICATION_BATCHES,
  FORGET_MAX_PAGES,
  FORGET_PAGE_LEDGERS,
  FORGET_WITHIN_MS,
} from "../core/limits.ts";
import type { ScheduleKey } from "../core/schedule/spec.ts";
import type { AlertStore } from "./ports/alerts.ts";
import type { ScheduleStore } from "./ports/schedules.ts";
import type { NotificationStore } from "./ports/webhooks.ts";
import type { Clock, Store } from "./ports.ts";

export interface ForgetPorts {
  schedules: Pick<ScheduleStore, "ledgers" | "forget">;
  alerts: Pick<AlertStore, "forget">;
  notifications: Pick<NotificationStore, "forget">;
  store: Pick<Store, "sweepCursors" | "keepSweepCursor">;
  clock: Clock;
}

/**
 * In the first minute of an hour goes through the oldest alerts and all ledgers, or as many as one call may; then the next goes on
 * there. One that is left out, comes twice or breaks off makes no difference, and in every other minute nothing is read.
 * @returns how many are forgotten
 */
export async function forgetOld({
  schedules,
  alerts,
  notifications,
  store,
  clock,
}: ForgetPorts): Promise<number> {
  const now = clock.now();
  if (now % FORGET_EVERY_MS >= FORGET_WITHIN_MS) return 0;
  const forgottenAlerts = await forgetAlerts(alerts, now);
  const forgottenNotifications = await forgetNotifications(notifications, now);
  const { ledgers: brokeOffAt } = await store.sweepCursors();
  let after = brokeOffAt === "" ? null : (JSON.parse(brokeOffAt) as ScheduleKey);
  let forgotten = 0;
  for (let pages = FORGET_MAX_PAGES; pages > 0; pages--) {
    const ledgers = await schedules.ledgers(after, FORGET_PAGE_LEDGERS);
    const count = await schedules.forget(ledgers, now - FIRINGS_KEPT_MS, FORGET_BATCH_FIRINGS);
    forgotten += count;
    // Where a batch was full there may be more in the same ledgers.
    if (count === FORGET_BATCH_FIRINGS) continue;
    after = ledgers.length === FORGET_PAGE_LEDGERS ? (ledgers.at(-1) ?? null) : null;
    if (after === null) break;
  }
  const cursor = after === null ? "" : JSON.stringify(after);
  if (cursor !== brokeOffAt) await store.keepSweepCursor("ledgers", cursor, now);
  return forgotten + forgottenAlerts + forgottenNotifications;
}

async function forgetAlerts(alerts: ForgetPorts["alerts"], now: number): Promise<number> {
  let forgotten = 0;
  for (let batches = FORGET_MAX_ALERT_BATCHES; batches > 0; batches--) {
    const count = await alerts.forget(now - FIRINGS_KEPT_MS, FORGET_BATCH_ALERTS);
    forgotten += count;
    if (count < FORGET_BATCH_ALERTS) break;
  }
  return forgotten;
}

async function forgetNotifications(
  notifications: ForgetPorts["notifications"],
  now: number,
): Promise<number> {
  const before = firstNotificationIdAt(now - FIRINGS_KEPT_MS);
  let forgotten = 0;
  for (let batches = FORGET_MAX_NOTIFICATION_BATCHES; batches > 0; batches--) {
    const count = await notifications.forget(before, FORGET_BATCH_NOTIFICATIONS);
    forgotten += count;
    if (count < FORGET_BATCH_NOTIFICATIONS) break;
  }
  return forgotten;
}
