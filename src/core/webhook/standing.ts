/** What attempts say of their webhook: it fares better or worse, and is put out of force. */

import { WEBHOOK_FAILING_MAX_MS } from "../limits.ts";
import { isTaken, type SendResult } from "../notification/attempt.ts";
import { TEST_EVENT } from "./event-types.ts";

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
