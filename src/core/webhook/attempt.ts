/** What follows an attempt to send a notification: it is told, tried again later, or given up, and its webhook fares better or worse. */

import {
  NOTIFICATION_GIVE_UP_MS,
  NOTIFICATION_RETRY_FIRST_MS,
  NOTIFICATION_RETRY_MAX_MS,
  WEBHOOK_FAILING_MAX_MS,
} from "../limits.ts";
import { repeatDelayMs, spread } from "../poll.ts";
import { TEST_EVENT } from "./event-types.ts";

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

/**
 * What an attempt says of its webhook: that it takes what it is sent, that it does not, or nothing, as where whoever tries it sees how it
 * fares, or the fault was ours.
 */
export function says(type: string, result: SendResult): "taken" | "failed" | "nothing" {
  if (isTaken(result)) return "taken";
  return type === TEST_EVENT || result.isOurs ? "nothing" : "failed";
}

/**
 * Why a webhook is to be disabled after one more failure; null where it is not.
 * 410 is how a subscriber says so itself (Standard Webhooks, "Response status codes").
 */
export function whyDisable({ status }: SendResult, failingMs: number): string | null {
  if (status === 410) return "it answered 410: it is gone";
  return failingMs >= WEBHOOK_FAILING_MAX_MS
    ? `it took no notification for ${WEBHOOK_FAILING_MAX_MS / 3_600_000} hours`
    : null;
}
