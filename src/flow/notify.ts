/**
 * Notify: facts of the outbox become notifications, and what is due is sent, line by line in order. All of it can be done twice, and broken
 * off anywhere: what is stored decides, and a notification that is sent again has the id that it had.
 */

import { messageOf } from "../core/error.ts";
import {
  NOTIFIER_DROP_LINES,
  NOTIFIER_MAX_DROPS,
  NOTIFIER_MAX_MS,
  NOTIFIER_MAX_SENDS,
  NOTIFIER_PAGE,
  NOTIFIER_SENDS_AT_ONCE,
  NOTIFIERS_WOKEN_MAX,
  OUTBOX_BATCH_CHARS,
  OUTBOX_GIVE_UP_MS,
  OUTBOX_MAX_PAGES,
  OUTBOX_PAGE,
} from "../core/limits.ts";
import { afterAttempt, type SendResult } from "../core/notification/attempt.ts";
import { lineOf, type OutboxRow } from "../core/notification/fact.ts";
import {
  type Courier,
  type Destination,
  type DueNotification,
  type NewNotification,
  type NotificationStore,
  type Notifiers,
  OUTBOX_NOTIFIER,
  type OutboxReader,
} from "./ports/notifications.ts";
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
  /** What went wrong on our side. Unless it says otherwise it is tried again. */
  problems: string[];
  /** What failed and has a time of its own to be tried again, which keeps nothing else waiting; absent where nothing did. */
  putOff?: string[];
  /** Whether going on would tell somebody the same again: what was sent could not be stored. Then calls wait, too. */
  isHeldUp?: boolean;
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
    const { told, isBroken } = await takeUpPage(ports, page, held, problems);
    await Promise.allSettled([...told].map((target) => notifiers.wake(target, clock.now())));
    after = page.at(-1) ?? null;
    if (page.length < OUTBOX_PAGE || isBroken) return { nextAt: null, problems };
  }
  return { nextAt: clock.now(), problems };
}

/** A fact with what is told of it. */
interface ReadFact {
  row: OutboxRow;
  made: (NewNotification & { id: string })[];
}

/** @returns the targets of what is stored, and whether nothing could be: that is no matter of single facts */
async function takeUpPage(
  ports: NotifyPorts,
  page: OutboxRow[],
  held: Set<string>,
  problems: string[],
): Promise<{ told: Set<string>; isBroken: boolean }> {
  const { notifications, clock, notificationId } = ports;
  const told = new Set<string>();
  let [batch, batchChars, stored, unstored]: [ReadFact[], number, number, number] = [[], 0, 0, 0];
  const fail = async (row: OutboxRow, error: unknown) => {
    const why = `${row.source} ${row.seq}: ${messageOf(error)}`;
    if (await isGivenUp(ports, row)) return void problems.push(`not told, after a day of tries: ${why}`);
    held.add(lineOf(row));
    problems.push(why);
  };
  /** All together; where that fails in halves, so that one that can not be stored holds up its own line alone. */
  const store = async (facts: ReadFact[]): Promise<void> => {
    const [first] = facts;
    if (first === undefined) return;
    const made = facts.flatMap((fact) => fact.made);
    try {
      await notifications.takeUp(
        facts.map(({ row }) => row),
        made,
        clock.now(),
      );
      stored += facts.length;
      for (const { target } of made) told.add(target);
    } catch (error) {
      if (facts.length === 1) {
        unstored += 1;
        return fail(first.row, error);
      }
      const half = Math.ceil(facts.length / 2);
      await store(facts.slice(0, half));
      await store(facts.slice(half).filter(({ row }) => !held.has(lineOf(row))));
    }
  };
  for (const row of page) {
    if (held.has(lineOf(row))) continue;
    const made = await readBy(ports.readers, row).catch((error) => fail(row, error));
    if (made === undefined) continue;
    const chars = made.reduce((sum, { payload }) => sum + payload.length, 0);
    if (batchChars + chars > OUTBOX_BATCH_CHARS) {
      await store(batch);
      [batch, batchChars] = [[], 0];
      if (held.has(lineOf(row))) continue;
    }
    batch.push({ row, made: made.map((each) => ({ ...each, id: notificationId(clock.now()) })) });
    batchChars += chars;
  }
  await store(batch);
  return { told, isBroken: unstored > 0 && stored === 0 };
}

/** Whether a fact that can not be taken up is too old to be tried any longer; then it is gone from the outbox. */
async function isGivenUp({ notifications, clock }: NotifyPorts, row: OutboxRow): Promise<boolean> {
  if (clock.now() - row.at <= OUTBOX_GIVE_UP_MS) return false;
  return notifications.takeUp([row], [], clock.now()).then(
    () => true,
    () => false,
  );
}

async function readBy(readers: OutboxReader[], row: OutboxRow): Promise<NewNotification[]> {
  const { fact, unreadable } = row;
  if (unreadable !== null) throw new Error(unreadable);
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
  target: string,
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
  const drop = async () => {
    drops += 1;
    return notifications.drop(target, NOTIFIER_DROP_LINES, clock.now());
  };
  /** @returns whether there may be more than that */
  const look = async (): Promise<boolean> => {
    changed = news();
    const due = await notifications.due(target, clock.now(), NOTIFIER_PAGE);
    const opened = await openAll(ports, due);
    waiting = opened.flatMap(({ notification, destination }) =>
      destination === null || underWay.has(notification.line) ? [] : [{ notification, destination }],
    );
    const isClosed = opened.some(({ destination }) => destination === null);
    if (isClosed) await drop();
    return isClosed;
  };
  const noted = (error: unknown) => void problems.push(messageOf(error));
  while (true) {
    if (waiting.length === 0 && underWay.size < NOTIFIER_SENDS_AT_ONCE && mayGoOn()) {
      // Where that fails, what is under way is awaited all the same: whoever comes next would send it again beside it.
      if (await look().catch(noted)) continue;
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
  /** When the next one is due. What is pending where nothing is sent any more does not wait for that. */
  const next = async (): Promise<number | null> => {
    while (drops < NOTIFIER_MAX_DROPS) {
      const [first] = await openAll(ports, await notifications.due(target, Number.MAX_SAFE_INTEGER, 1));
      if (first === undefined) return null;
      if (first.destination !== null) break;
      await drop();
    }
    return notifications.nextDueAt(target);
  };
  const nextAt = (await next().catch(noted)) ?? null;
  return { nextAt, problems, ...(problems.length > 0 && { isHeldUp: true }) };
}

/** Those that are due, each with where it goes; null where nothing goes there any more. */
async function openAll(
  { couriers }: NotifyPorts,
  due: DueNotification[],
): Promise<{ notification: DueNotification; destination: Destination | null }[]> {
  const opened = new Map<string, Destination | null>();
  for (const { kind, orgId, target } of due)
    if (!opened.has(kind)) opened.set(kind, (await couriers[kind]?.open(orgId, target)) ?? null);
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
  const { retryAfterMs: _retryAfterMs, isOurs: _isOurs, ending: _ending, ...attempt } = result;
  const isTaken = after.state === "delivered";
  // What ends between the two sends a taken one again at worst; a success that is recorded and not noted would leave a failing streak unbroken.
  if (isTaken) await destination.note(notification, result, now);
  await notifications.recordAttempt(notification, { ...after, attempt }, now);
  if (!isTaken) await destination.note(notification, result, now);
  return result;
}

/** Calls those who have something to do, as many as one call may: what the minute's cron makes good, where a call was lost. */
export async function wakeNotifiers({
  notifications,
  notifiers,
  clock,
}: Pick<NotifyPorts, "notifications" | "notifiers" | "clock">): Promise<number> {
  const [hasOutbox, targets] = [
    await notifications.hasOutbox(),
    await notifications.dueTargets(NOTIFIERS_WOKEN_MAX, clock.now()),
  ];
  const woken = [...(hasOutbox ? [{ target: OUTBOX_NOTIFIER, atMs: clock.now() }] : []), ...targets];
  const results = await Promise.allSettled(woken.map(({ target, atMs }) => notifiers.wake(target, atMs)));
  const broken = results.find((result) => result.status === "rejected");
  if (broken) throw broken.reason;
  return woken.length;
}
