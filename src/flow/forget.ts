/** Forget: firings, deliveries, handovers, alerts and notifications that are too old to be of use go, once an hour and some at a time. */

import type { HookKey } from "../core/hook/hook.ts";
import { firstNotificationIdAt } from "../core/id.ts";
import {
  DELIVERIES_KEPT_MS,
  FIRINGS_KEPT_MS,
  FORGET_BATCH_ALERTS,
  FORGET_BATCH_DELIVERIES,
  FORGET_BATCH_FIRINGS,
  FORGET_BATCH_HANDOVERS,
  FORGET_BATCH_NOTIFICATIONS,
  FORGET_EVERY_MS,
  FORGET_MAX_ALERT_BATCHES,
  FORGET_MAX_DELIVERY_PAGES,
  FORGET_MAX_HANDOVER_BATCHES,
  FORGET_MAX_NOTIFICATION_BATCHES,
  FORGET_MAX_PAGES,
  FORGET_PAGE_HOOKS,
  FORGET_PAGE_LEDGERS,
  FORGET_WITHIN_MS,
  HANDOVERS_KEPT_MS,
  NOTIFICATIONS_KEPT_MS,
} from "../core/limits.ts";
import type { ScheduleKey } from "../core/schedule/spec.ts";
import type { AlertStore } from "./ports/alerts.ts";
import type { HandoverStore } from "./ports/handovers.ts";
import type { DeliveryBodies, HookStore } from "./ports/hooks.ts";
import type { NotificationStore } from "./ports/notifications.ts";
import type { ScheduleStore } from "./ports/schedules.ts";
import type { Clock, Store } from "./ports.ts";

export interface ForgetPorts {
  schedules: Pick<ScheduleStore, "ledgers" | "forget">;
  alerts: Pick<AlertStore, "forget">;
  hooks: Pick<HookStore, "ledgers" | "forget">;
  bodies: Pick<DeliveryBodies, "forget">;
  notifications: Pick<NotificationStore, "forget">;
  handovers: Pick<HandoverStore, "forget">;
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
  hooks,
  bodies,
  notifications,
  handovers,
  store,
  clock,
}: ForgetPorts): Promise<number> {
  const now = clock.now();
  if (now % FORGET_EVERY_MS >= FORGET_WITHIN_MS) return 0;
  const inBatches =
    (await forgetBatches(FORGET_MAX_ALERT_BATCHES, FORGET_BATCH_ALERTS, (most) =>
      alerts.forget(now - FIRINGS_KEPT_MS, most),
    )) +
    (await forgetBatches(FORGET_MAX_NOTIFICATION_BATCHES, FORGET_BATCH_NOTIFICATIONS, (most) =>
      notifications.forget(firstNotificationIdAt(now - NOTIFICATIONS_KEPT_MS), most),
    )) +
    (await forgetBatches(FORGET_MAX_HANDOVER_BATCHES, FORGET_BATCH_HANDOVERS, (most) =>
      handovers.forget(now - HANDOVERS_KEPT_MS, most),
    ));
  const brokeOffAt = await store.sweepCursors();
  const ofSchedules = await forgetLedgers<ScheduleKey>(brokeOffAt.ledgers, {
    ledgers: (after) => schedules.ledgers(after, FORGET_PAGE_LEDGERS),
    forget: (page) => schedules.forget(page, now - FIRINGS_KEPT_MS, FORGET_BATCH_FIRINGS),
    page: FORGET_PAGE_LEDGERS,
    batch: FORGET_BATCH_FIRINGS,
    maxPages: FORGET_MAX_PAGES,
  });
  const ofHooks = await forgetLedgers<HookKey>(brokeOffAt.deliveries, {
    ledgers: (after) => hooks.ledgers(after, FORGET_PAGE_HOOKS),
    forget: (page) => hooks.forget(page, now - DELIVERIES_KEPT_MS, FORGET_BATCH_DELIVERIES),
    page: FORGET_PAGE_HOOKS,
    batch: FORGET_BATCH_DELIVERIES,
    maxPages: FORGET_MAX_DELIVERY_PAGES,
  });
  if (ofSchedules.cursor !== brokeOffAt.ledgers)
    await store.keepSweepCursor("ledgers", ofSchedules.cursor, now);
  if (ofHooks.cursor !== brokeOffAt.deliveries)
    await store.keepSweepCursor("deliveries", ofHooks.cursor, now);
  // Last: it is not D1 that keeps them, and while that fails the walk through the ledgers goes on.
  await bodies.forget(now - DELIVERIES_KEPT_MS);
  return inBatches + ofSchedules.forgotten + ofHooks.forgotten;
}

/** Goes through ledgers of one kind from where the call before broke off. */
async function forgetLedgers<Key>(
  brokeOffAt: string,
  of: {
    ledgers(after: Key | null): Promise<Key[]>;
    forget(page: Key[]): Promise<number>;
    /** As many as `ledgers` gives at once, and as `forget` removes. */
    page: number;
    batch: number;
    maxPages: number;
  },
): Promise<{ forgotten: number; cursor: string }> {
  let after = brokeOffAt === "" ? null : (JSON.parse(brokeOffAt) as Key);
  let forgotten = 0;
  for (let pages = of.maxPages; pages > 0; pages--) {
    const ledgers = await of.ledgers(after);
    const count = await of.forget(ledgers);
    forgotten += count;
    // Where a batch was full there may be more in the same ledgers.
    if (count === of.batch) continue;
    after = ledgers.length === of.page ? (ledgers.at(-1) ?? null) : null;
    if (after === null) break;
  }
  return { forgotten, cursor: after === null ? "" : JSON.stringify(after) };
}

/** What is in one order of time, from its oldest on. */
async function forgetBatches(
  maxBatches: number,
  batch: number,
  forget: (most: number) => Promise<number>,
): Promise<number> {
  let forgotten = 0;
  for (let batches = maxBatches; batches > 0; batches--) {
    const count = await forget(batch);
    forgotten += count;
    if (count < batch) break;
  }
  return forgotten;
}
