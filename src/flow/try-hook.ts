/** Try: what a hook's rules, or others in their place, would make of its past deliveries. Nothing is started and nothing recorded. */

import type { HookFilter, HookMap } from "../core/hook/spec.ts";
import { HOOK_TRY_MAX_BYTES } from "../core/limits.ts";
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

/** @param rules those to try */
export async function tryHook(
  ports: TryPorts,
  hook: StoredHook,
  { job, definition }: DefinedJob,
  rules: { filter: HookFilter; map: HookMap },
  limit: number,
): Promise<Tried[]> {
  const awake = { job: { ...job, pausedAt: null }, definition };
  const tried: Tried[] = [];
  for (const delivery of await ports.hooks.newest(hook, limit, HOOK_TRY_MAX_BYTES)) {
    const read = await readAgain(ports.senders, hook, await withWholeBody(ports.bodies, delivery));
    const would = "complaint" in read ? read : await decide(ports, rules, awake, read);
    tried.push({ delivery, would });
  }
  return tried;
}
