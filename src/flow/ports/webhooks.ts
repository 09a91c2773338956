/** Where webhooks and what they are told are kept, and who brings it to them. */

import type { NotificationState, SendAttempt, SendResult } from "../../core/webhook/attempt.ts";
import type { NotificationType } from "../../core/webhook/event-types.ts";
import type { Fact, OutboxRow } from "../../core/webhook/fact.ts";
import type { EmailSettings, Webhook } from "../../core/webhook/webhook.ts";

/** A text as it is stored: encrypted, with the name of its key. */
export interface SealedText {
  keyId: string;
  iv: Uint8Array<ArrayBuffer>;
  ciphertext: Uint8Array<ArrayBuffer>;
}

export interface StoredWebhook extends Webhook {
  /** What its notifications are signed with; of a kind whose URL is a secret that, of which `url` tells no more than may be told. */
  secret: SealedText;
  /** What was the secret before, for as long as it signs along; null with `oldSecretUntil`. */
  oldSecret: SealedText | null;
}

export interface WebhookStore {
  /** False where there are as many already. */
  add(webhook: StoredWebhook, most: number): Promise<boolean>;
  find(orgId: string, id: string): Promise<StoredWebhook | null>;
  /** The oldest first. */
  list(orgId: string): Promise<StoredWebhook[]>;
  /** Changes it unless another was first, by its revision. False where nothing is changed. */
  change(before: Webhook, after: StoredWebhook): Promise<boolean>;
  remove(orgId: string, id: string): Promise<boolean>;
  /** It has taken something. */
  noteSuccess(orgId: string, id: string): Promise<void>;
  /**
   * It has not taken something. Failures count together while each follows the one before as a retry could: what failed once a week ago,
   * and was not asked since, is no week without success. Whatever has been noted meanwhile counts.
   * @returns since when it takes nothing; null where it is not in force
   */
  noteFailure(orgId: string, id: string, at: number): Promise<number | null>;
  /**
   * Puts it out of force and records the alert, which names its target, once.
   * @param failingSince only where it takes nothing since then; null for any case
   */
  disable(webhook: Webhook, why: string, at: number, failingSince: number | null): Promise<void>;
  /** Webhooks with a secret under one of these keys. */
  underKeys(keyIds: string[], limit: number): Promise<StoredWebhook[]>;
  /** Replaces what is stored of its secrets by the same under another key, unless somebody has changed it. */
  reseal(before: StoredWebhook, after: Pick<StoredWebhook, "secret" | "oldSecret">): Promise<void>;
}

/** The secrets of webhooks, and where these may lead. */
export interface WebhookKeeper {
  /** One by chance, as Standard Webhooks spells them. */
  newSecret(): string;
  seal(orgId: string, webhookId: string, secret: string): Promise<SealedText>;
  /** Whether this is what its notifications are signed with. */
  isSecret(webhook: StoredWebhook, secret: string): Promise<boolean>;
  /**
   * Why a URL can not be sent to; null where it can.
   * @param email what is sent there are e-mails
   * @throws AppError `unavailable` where that can not be told right now
   */
  targetComplaint(url: string, email?: EmailSettings | null): Promise<string | null>;
  /** A bounded part of what is to be done now and then: encrypts anew what is under old keys. */
  tend(): Promise<void>;
}

/** Where a notification is in its line. It is stored once. */
export interface NotificationKey {
  /** The webhook; what is told to others has a name of theirs. */
  webhookId: string;
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
  webhookId: string;
  /** Notifications that are pending, counted up to `NOTIFICATIONS_SCAN_MAX`. */
  waiting: number;
  /** When the newest of its last `STANDING_SCAN_NOTIFICATIONS` was taken that was; null where none of them was. */
  deliveredAt: number | null;
}

/** When what is due of a target is due first. */
export interface DueTarget {
  webhookId: string;
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
  due(webhookId: string, throughMs: number, limit: number): Promise<DueNotification[]>;
  /** When the next one of a target is due; null where none is. */
  nextDueAt(webhookId: string): Promise<number | null>;
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
  hurryAll(webhookId: string, limit: number, at: number): Promise<number>;
  /** Ends what is pending of a target, so many lines at a time. @returns how many lines; fewer than the limit where none is left */
  drop(webhookId: string, lines: number, at: number): Promise<number>;
  find(orgId: string, webhookId: string, id: string): Promise<Notification | null>;
  list(orgId: string, webhookId: string, filter: NotificationFilter): Promise<NotificationPage>;
  /** What some targets were told in a line, the oldest first. */
  ofLine(orgId: string, webhookIds: string[], line: string, limit: number): Promise<Notification[]>;
  /** In the order of the ids. */
  standings(webhookIds: string[]): Promise<TargetStanding[]>;
  /** Has one that is over sent again. False where it is pending, or not there. */
  resend(orgId: string, webhookId: string, id: string, at: number): Promise<boolean>;
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
  open(orgId: string, webhookId: string): Promise<Destination | null>;
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
