/** What follows an attempt to send a notification: it is told, tried again later, or given up. */

import {
  NOTIFICATION_GIVE_UP_MS,
  NOTIFICATION_RETRY_FIRST_MS,
  NOTIFICATION_RETRY_MAX_MS,
} from "../limits.ts";
import { repeatDelayMs, spread } from "../poll.ts";
import { TEST_EVENT } from "../webhook/event-types.ts";

/** One attempt, as the ledger tells of it. */
export interface SendAttempt {
  /** When it began. */
  at: number;
  /** How long it took. */
  ms: number;
  /** Of the answer; null where there was none. */
  status: number | null;
  /** Its first bytes as text; null where there was no answer. */
  answer: string | null;
  /** Why it failed, as a sentence; null where it did not. */
  error: string | null;
  /** Where a report went, and the name of the secret with its token, as its hook had it then; absent of all else, and of what was dropped. */
  to?: { apiUrl: string | null; token: string };
}

/** What is known of an attempt besides what is kept. */
export interface SendResult extends SendAttempt {
  /** How long the subscriber asked to wait (`Retry-After`); null where it did not. */
  retryAfterMs: number | null;
  /** What it came to, where that is another thing than its status says; absent of most. */
  ending?: Exclude<NotificationState, "pending">;
  /** Whether it came to no request by a fault of ours, which says nothing of the subscriber; absent of most. */
  isOurs?: boolean;
}

/**
 * - `pending`: to be sent, or sent again.
 * - `delivered`: answered with 2xx.
 * - `given_up`: not taken for so long, or by an answer that does not get better.
 * - `dropped`: its webhook was disabled or deleted before, or what it tells is not so any more.
 */
export const NOTIFICATION_STATES = ["pending", "delivered", "given_up", "dropped"] as const;
export type NotificationState = (typeof NOTIFICATION_STATES)[number];

/** What decides about a notification that was tried. */
export interface TriedNotification {
  id: string;
  type: string;
  /** Attempts before this one. */
  tries: number;
  /** Since when it is tried: since it was made, or was resent last. */
  triesFrom: number;
}

export interface AfterAttempt {
  state: NotificationState;
  /** When it is tried again; null where it is not. */
  nextAt: number | null;
}

export function isTaken({ status }: Pick<SendAttempt, "status">): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** @param nowMs when the attempt was over */
export function afterAttempt(
  { id, type, tries, triesFrom }: TriedNotification,
  result: SendResult,
  nowMs: number,
): AfterAttempt {
  if (result.ending) return { state: result.ending, nextAt: null };
  if (isTaken(result)) return { state: "delivered", nextAt: null };
  const delay = repeatDelayMs(tries + 1, NOTIFICATION_RETRY_FIRST_MS, NOTIFICATION_RETRY_MAX_MS);
  const asked = Math.min(result.retryAfterMs ?? 0, NOTIFICATION_RETRY_MAX_MS);
  const nextAt = Math.ceil(nowMs + Math.max(spread(delay, `${id}${tries}`), asked));
  const isOver = type === TEST_EVENT || nextAt - triesFrom > NOTIFICATION_GIVE_UP_MS;
  return isOver ? { state: "given_up", nextAt: null } : { state: "pending", nextAt };
}
