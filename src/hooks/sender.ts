/** What is known of each sender of deliveries: how it proves that it sent one, and what it says. */

import type { Delivery } from "../core/hook/delivery.ts";
import type { HookOptions, HookSource } from "../core/hook/spec.ts";

/**
 * `verify` of `verify.ts`: whether one of the secrets signed the body. It takes the same time whatever is wrong, also with no secret
 * at all, which is how a hook that nobody knows is answered.
 * @param nowMs what the times of Stripe and Standard Webhooks are compared with, epoch milliseconds
 */
export type Verify = (
  source: HookSource,
  options: HookOptions,
  headers: Headers,
  rawBody: Uint8Array,
  secrets: readonly string[],
  nowMs: number,
) => Promise<boolean>;

/** `readDelivery` of `read-delivery.ts`. A complaint is a sentence about a body or header that is not as this sender's are: 400. */
export type ReadDelivery = (
  source: HookSource,
  options: HookOptions,
  headers: Headers,
  rawBody: Uint8Array,
) => Promise<Delivery | { complaint: string }>;
