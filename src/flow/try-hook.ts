/** Try: what a hook's rules, or others in their place, would make of its past deliveries. Nothing is started and nothing recorded. */

import { AppError } from "../core/error.ts";
import type { HookRules } from "../core/hook/spec.ts";
import { HOOK_TRY_MAX_BYTES, HOOK_TRY_MAX_STEPS } from "../core/limits.ts";
import { type DecidePorts, type Decision, decide } from "./deliver.ts";
import type { DeliveryBodies, HookStore, RecordedDelivery, Senders, StoredHook } from "./ports/hooks.ts";
import type { DefinedJob } from "./ports/jobs.ts";
import { readAgain } from "./resend.ts";
import { withWholeBody } from "./whole-body.ts";

export interface TryPorts extends DecidePorts {
  hooks: Pick<HookStore, "newest">;
  bodies: DeliveryBodies;
  senders: Senders;
}

export interface Tried {
  delivery: RecordedDelivery;
  /** What it would come to, were the job not paused; or why nobody can tell. */
  would: Decision | { complaint: string };
}

const TOO_LONG =
  "was not tried: with the newer ones the rules took all the steps that one call may take; each alone would have its verdict";

/** @param rules those to try */
export async function tryHook(
  ports: TryPorts,
  hook: StoredHook,
  { job, definition }: DefinedJob,
  rules: HookRules,
  limit: number,
): Promise<Tried[]> {
  const awake = { job: { ...job, pausedAt: null }, definition };
  const allowance = { left: HOOK_TRY_MAX_STEPS };
  const tried: Tried[] = [];
  for (const delivery of await ports.hooks.newest(hook, limit, HOOK_TRY_MAX_BYTES)) {
    tried.push({ delivery, would: await verdictOn(delivery) });
  }
  return tried;

  async function verdictOn(delivery: RecordedDelivery): Promise<Tried["would"]> {
    if (allowance.left <= 0) return { complaint: TOO_LONG };
    const whole = await withWholeBody(ports.bodies, delivery).catch(unread);
    if ("complaint" in whole) return whole;
    const read = await readAgain(ports.senders, hook, whole, rules);
    if ("complaint" in read) return read;
    const would = await decide({ ...ports, allowance }, rules, awake, read);
    // With fewer steps than it may have it could have come to something else.
    return allowance.left <= 0 ? { complaint: TOO_LONG } : would;
  }
}

/** One body that can not be read right now does not keep the others from being tried. */
function unread(error: unknown): { complaint: string } {
  if (!(error instanceof AppError) || error.code !== "unavailable") throw error;
  return { complaint: "has a body that can not be read right now: try again" };
}
