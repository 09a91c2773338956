/**
 * Notify: facts of the outbox become notifications, and what is due is sent, line by line in order. All of it can be done twice, and broken
 * off anywhere: what is stored decides, and a notification that is sent again has the id that it had.
 */

import { messageOf } from "../core/error.ts";
import {
  NOTIFICATION_ATTEMPTS_KEPT,
  NOTIFIER_DROP_LINES,
  NOTIFIER_MAX_DROPS,
  NOTIFIER_MAX_MS,
  NOTIFIER_MAX_SENDS,
  NOTIFIER_PAGE,
  NOTIFIER_SENDS_AT_ONCE,
  OUTBOX_BATCH_CHARS,
  OUTBOX_MAX_PAGES,
  OUTBOX_PAGE,
} from "../core/limits.ts";
import { afterAttempt, type SendAttempt, type SendResult } from "../core/webhook/attempt.ts";
import { lineOf, type OutboxRow } from "../core/webhook/fact.ts";
import {
  type Courier,
  type Destination,
  type DueNotification,
  type NewNotification,
  type NotificationStore,
  type Notifiers,
  OUTBOX_NOTIFIER,
  type OutboxReader,
} from "./ports/webhooks.ts";
import type { Clock } from "./ports.ts";

export interface NotifyPorts {
  notifications: NotificationStore;
  readers: OutboxReader[];
  /** By the kind of a notification. */
  couriers: Record<string, Courier>;
  notifiers: Notifiers;
  notificationId(nowMs: number): string;
  clock: Clock;
}

/** What one alarm of a notifier came to. */
export interface NotifyReport {
  /** When there is something to do next, in epoch milliseconds; null where there is not. */
  nextAt: number | null;
  /** What went wrong on our side, and is tried again. */
  problems: string[];
}

/** Takes up what is in the outbox, page by page, and calls those who send it. */
export async function takeUpOutbox(ports: NotifyPorts): Promise<NotifyReport> {
  const { notifications, clock, notifiers } = ports;
  const problems: string[] = [];
  /** Lines of which a fact could not be taken up: those after it wait, as a line is in order. */
  const held = new Set<string>();
  let after: OutboxRow | null = null;
  for (let pages = 0; pages < OUTBOX_MAX_PAGES; pages++) {
    const page: OutboxRow[] = await notifications.outbox(after, OUTBOX_PAGE);
    const told = await takeUpPage(ports, page, held, problems);
    await Promise.allSettled([...told].map((webhookId) => notifiers.wake(webhookId, clock.now())));
    after = page.at(-1) ?? null;
    if (page.length < OUTBOX_PAGE) return { nextAt: null, problems };
  }
  return { nextAt: clock.now(), problems };
}

/** @returns the targets of what is stored */
async function takeUpPage(
  ports: NotifyPorts,
  page: OutboxRow[],
  held: Set<string>,
  problems: string[],
): Promise<Set<string>> {
  const { notifications, clock, notificationId } = ports;
  const told = new Set<string>();
  const nothing = () => ({
    rows: [] as OutboxRow[],
    made: [] as (NewNotification & { id: string })[],
    chars: 0,
  });
  let batch = nothing();
  const store = async () => {
    const { rows, made } = batch;
    batch = nothing();
    if (rows.length > 0) await notifications.takeUp(rows, made, clock.now());
  };
  for (const row of page) {
    if (held.has(lineOf(row))) continue;
    const made = await readBy(ports.readers, row).catch((error) => {
      held.add(lineOf(row));
      problems.push(`${row.source} ${row.seq}: ${messageOf(error)}`);
      return null;
    });
    if (made === null) continue;
    const chars = made.reduce((sum, { payload }) => sum + payload.length, 0);
    if (batch.chars + chars > OUTBOX_BATCH_CHARS) await store();
    batch.rows.push(row);
    batch.made.push(...made.map((each) => ({ ...each, id: notificationId(clock.now()) })));
    batch.chars += chars;
    for (const { webhookId } of made) told.add(webhookId);
  }
  await store();
  return told;
}

async function readBy(readers: OutboxReader[], row: OutboxRow): Promise<NewNotification[]> {
  const { fact } = row;
  if (fact === null) return [];
  const made: NewNotification[] = [];
  for (const reader of readers) made.push(...(await reader.read({ ...row, fact })));
  return made;
}

/**
 * Sends what is due of one target, several lines side by side, until nothing is or as much as one alarm may.
 * @param news resolves when there may be more to send than there was
 */
export async function sendDue(
  ports: NotifyPorts,
  webhookId: string,
  news: () => Promise<void>,
): Promise<NotifyReport> {
  const { notifications, clock } = ports;
  const problems: string[] = [];
  const beganAt = clock.now();
  const underWay = new Map<string, Promise<void>>();
  let waiting: { notification: DueNotification; destination: Destination }[] = [];
  let [sent, drops] = [0, 0];
  /** Resolves when there may be more than was read last. */
  let changed = news();
  const mayGoOn = () =>
    sent < NOTIFIER_MAX_SENDS &&
    drops < NOTIFIER_MAX_DROPS &&
    problems.length === 0 &&
    clock.now() - beganAt < NOTIFIER_MAX_MS;
  while (true) {
    if (waiting.length === 0 && underWay.size < NOTIFIER_SENDS_AT_ONCE && mayGoOn()) {
      changed = news();
      const due = await notifications.due(webhookId, clock.now(), NOTIFIER_PAGE);
      const opened = await openAll(ports, due);
      waiting = opened.flatMap(({ notification, destination }) =>
        destination === null || underWay.has(notification.line) ? [] : [{ notification, destination }],
      );
      if (opened.some(({ destination }) => destination === null)) {
        drops += 1;
        await notifications.drop(webhookId, NOTIFIER_DROP_LINES, clock.now());
        continue;
      }
    }
    while (waiting.length > 0 && underWay.size < NOTIFIER_SENDS_AT_ONCE && mayGoOn()) {
      const next = waiting.shift();
      // One that was resent can be due beside the first of its line.
      if (next === undefined || underWay.has(next.notification.line)) continue;
      sent += 1;
      const { line } = next.notification;
      underWay.set(
        line,
        sendOne(ports, next.destination, next.notification)
          .catch((error) => void problems.push(`${next.notification.id}: ${messageOf(error)}`))
          .then(() => void underWay.delete(line)),
      );
    }
    if (underWay.size === 0) break;
    const hasRoom = waiting.length === 0 && underWay.size < NOTIFIER_SENDS_AT_ONCE && mayGoOn();
    await Promise.race([...underWay.values(), ...(hasRoom ? [changed] : [])]);
  }
  const nextAt = await notifications.nextDueAt(webhookId);
  return { nextAt, problems };
}

/** Those that are due, each with where it goes; null where nothing goes there any more. */
async function openAll(
  { couriers }: NotifyPorts,
  due: DueNotification[],
): Promise<{ notification: DueNotification; destination: Destination | null }[]> {
  const opened = new Map<string, Destination | null>();
  for (const { kind, orgId, webhookId } of due)
    if (!opened.has(kind)) opened.set(kind, (await couriers[kind]?.open(orgId, webhookId)) ?? null);
  return due.map((notification) => ({ notification, destination: opened.get(notification.kind) ?? null }));
}

/** One attempt, and what comes of it. @returns its result */
export async function sendOne(
  { notifications, clock }: Pick<NotifyPorts, "notifications" | "clock">,
  destination: Destination,
  notification: DueNotification,
): Promise<SendResult> {
  const result = await destination.send(notification);
  const now = clock.now();
  const after = afterAttempt(notification, result, now);
  const { retryAfterMs: _retryAfterMs, ending: _ending, ...attempt } = result;
  const attempts: SendAttempt[] = [...notification.attempts, attempt].slice(-NOTIFICATION_ATTEMPTS_KEPT);
  await notifications.recordAttempt(notification, { ...after, attempts }, now);
  await destination.note(notification, result, now);
  return result;
}

/** Calls those who have something to do: what the minute's cron makes good, where a call was lost. */
export async function wakeNotifiers({
  notifications,
  notifiers,
  clock,
}: Pick<NotifyPorts, "notifications" | "notifiers" | "clock">): Promise<number> {
  const [hasOutbox, targets] = [await notifications.hasOutbox(), await notifications.dueTargets()];
  const woken = [...(hasOutbox ? [{ webhookId: OUTBOX_NOTIFIER, atMs: clock.now() }] : []), ...targets];
  const results = await Promise.allSettled(
    woken.map(({ webhookId, atMs }) => notifiers.wake(webhookId, atMs)),
  );
  const broken = results.find((result) => result.status === "rejected");
  if (broken) throw broken.reason;
  return woken.length;
}
