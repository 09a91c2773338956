/** Where notifications are kept, who makes them of facts, and who brings them to their targets. */

import type { NotificationState, SendAttempt, SendResult } from "../../core/notification/attempt.ts";
import type { Fact, OutboxRow } from "../../core/notification/fact.ts";
import type { NotificationType } from "../../core/webhook/event-types.ts";

/** Where a notification is in its line. It is stored once. */
export interface NotificationKey {
  /** Whom it is for: a webhook, by its id; what is told to others has a name of theirs. */
  target: string;
  /** What is of one line is sent in order. */
  line: string;
  seq: number;
}

/** A notification that is to be stored. */
export interface NewNotification extends NotificationKey {
  orgId: string;
  /** Which {@link Courier} brings it. */
  kind: string;
  type: NotificationType | (string & {});
  /** What is told, as JSON. It stays the same, attempt after attempt. */
  payload: string;
}

/** One that is to be sent. */
export interface DueNotification extends NewNotification {
  /** Stays the same, too: a subscriber knows by it what it has had already. */
  id: string;
  tries: number;
  triesFrom: number;
  attempts: SendAttempt[];
}

export interface Notification extends DueNotification {
  state: NotificationState;
  createdAt: number;
  /** Null where it is not to be sent, or waits for one before it in its line. One that was resent waits for none, and none for it. */
  nextAt: number | null;
  endedAt: number | null;
}

export interface NotificationFilter {
  /** Null for all. */
  state: NotificationState | null;
  type: string | null;
  line: string | null;
  /** Only older ones than this. */
  beforeId: string | null;
  limit: number;
}

export interface NotificationPage {
  /** Newest first; fewer than asked for, or none, where looking further was left to the next call. */
  notifications: Notification[];
  nextBefore: string | null;
}

/** How things are going with what a target is told. */
export interface TargetStanding {
  target: string;
  /** Notifications that are pending, counted up to `NOTIFICATIONS_SCAN_MAX`. */
  waiting: number;
  /** When the newest of its last `STANDING_SCAN_NOTIFICATIONS` was taken that was; null where none of them was. */
  deliveredAt: number | null;
}

/** When what is due of a target is due first. */
export interface DueTarget {
  target: string;
  atMs: number;
}

export interface NotificationStore {
  /** Facts that nobody has taken up, run by run in order. @param after the last one of the page before; null for the first */
  outbox(after: Pick<OutboxRow, "source" | "seq"> | null, limit: number): Promise<OutboxRow[]>;
  hasOutbox(): Promise<boolean>;
  /** Stores what is to be told of some facts and forgets these, both or neither. What is stored already stays as it is. */
  takeUp(rows: OutboxRow[], told: (NewNotification & { id: string })[], at: number): Promise<void>;
  /** Stores one by itself, to be sent at a time; one that is stored already stays as it is. */
  add(notification: NewNotification & { id: string }, at: number, nextAt: number): Promise<void>;
  /** The first ones of a target's lines that are due by a time, those first that have waited longest. */
  due(target: string, throughMs: number, limit: number): Promise<DueNotification[]>;
  /** When the next one of a target is due; null where none is. */
  nextDueAt(target: string): Promise<number | null>;
  /**
   * The same of all targets that have any; at most `limit`. Those that are due come before those that will be, and in no order: one of
   * which nothing gets on keeps its place, and would keep others from theirs.
   */
  dueTargets(limit: number, nowMs: number): Promise<DueTarget[]>;
  /**
   * Keeps an attempt, of however many that are made at once and whatever has become of the notification meanwhile, and has the next of
   * the line follow one that is over. What follows from it is decided by the attempt that is stored first; one that was taken was
   * delivered in any case.
   */
  recordAttempt(
    tried: DueNotification,
    after: { state: NotificationState; nextAt: number | null; attempt: SendAttempt },
    at: number,
  ): Promise<void>;
  /** The one of its line that a pending notification waits for; null where it waits for none. */
  waitedFor(notification: Notification): Promise<Notification | null>;
  /** Has one that is to be sent later be due at a moment. */
  hurry(key: NotificationKey, at: number): Promise<void>;
  /** The same of all of a target, so many at a time. @returns how many; fewer than the limit where none is left */
  hurryAll(target: string, limit: number, at: number): Promise<number>;
  /** Ends what is pending of a target, so many lines at a time. @returns how many lines; fewer than the limit where none is left */
  drop(target: string, lines: number, at: number): Promise<number>;
  find(orgId: string, target: string, id: string): Promise<Notification | null>;
  list(orgId: string, target: string, filter: NotificationFilter): Promise<NotificationPage>;
  /** What some targets were told in a line, the oldest first. */
  ofLine(orgId: string, targets: string[], line: string, limit: number): Promise<Notification[]>;
  /** In the order of the targets. */
  standings(targets: string[]): Promise<TargetStanding[]>;
  /** Has one that is over sent again. False where it is pending, or not there. */
  resend(orgId: string, target: string, id: string, at: number): Promise<boolean>;
  /** Removes such that are over, and whose ids are smaller than this. @returns how many, up to the limit */
  forget(beforeId: string, limit: number): Promise<number>;
}

/** Who takes up facts of the outbox: what it stores is stored with their removal; what else it does, it may do twice. */
export interface OutboxReader {
  read(row: OutboxRow & { fact: Fact }): Promise<NewNotification[]>;
}

/** Who brings notifications of a kind to their targets. */
export interface Courier {
  /** Null where nothing is sent there any more: what is pending ends. */
  open(orgId: string, target: string): Promise<Destination | null>;
}

export interface Destination {
  /** One attempt. What goes wrong is in its result. */
  send(notification: DueNotification): Promise<SendResult>;
  /** Takes note of how it went. */
  note(notification: DueNotification, result: SendResult, at: number): Promise<void>;
}

/** Who works off the outbox, and what is due: one for the outbox, and one for each target. */
export interface Notifiers {
  wake(name: string, atMs: number): Promise<void>;
}

/** The notifier that takes up what is in the outbox. No webhook has such an id. */
export const OUTBOX_NOTIFIER = "outbox";

/** The one that starts jobs after others. Likewise. */
export const CHAINS_NOTIFIER = "chains";
