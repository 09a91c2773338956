/** Resend: a delivery of the ledger once more, to the version of the job that is in force, as a row of its own that names the first. */

import { AppError } from "../core/error.ts";
import type { Delivery } from "../core/hook/delivery.ts";
import { resentId } from "../core/hook/hook.ts";
import { partOf } from "../core/hook/parts.ts";
import type { HookRules } from "../core/hook/spec.ts";
import { RESEND_TRIES } from "../core/limits.ts";
import { type DeliverPorts, deliver, type Recorded, UNREADABLE } from "./deliver.ts";
import { keptBody } from "./kept-body.ts";
import type { RecordedDelivery, Senders, StoredHook } from "./ports/hooks.ts";
import type { DefinedJob } from "./ports/jobs.ts";
import { sha256 } from "./sha256.ts";
import { withWholeBody } from "./whole-body.ts";

/** Characters of a key's SHA-256 in the id of what was resent with it. */
const KEY_CHARS = 16;

/**
 * @param key whoever resends this delivery with it again is told what came of it then; null: each call is another
 * @throws AppError `invalid_input` where the delivery can not be read any more: not all of its body was kept, or the hook is of another
 * sender now
 */
export async function resend(
  ports: DeliverPorts,
  hook: StoredHook,
  job: DefinedJob,
  earlier: RecordedDelivery,
  key: string | null,
): Promise<Recorded> {
  const originId = earlier.originId ?? earlier.id;
  const keyed =
    key === null
      ? null
      : resentId(originId, (await sha256(new TextEncoder().encode(key))).slice(0, KEY_CHARS));
  const done = keyed === null ? null : await ports.hooks.delivery(hook, keyed);
  if (done !== null) return { delivery: done, isNew: false };
  const whole = await withWholeBody(ports.bodies, earlier);
  const read = await readAgain(ports.senders, hook, whole);
  if ("complaint" in read)
    throw new AppError("invalid_input", `the delivery ${read.complaint}`, "path.delivery");
  const kept = await keptBody(ports, hook, whole.body, ports.clock.now(), null);
  if (keyed !== null) {
    const recorded = await deliver(ports, hook, job, { ...read, deliveryId: keyed }, { kept, originId });
    if (recorded === null) throw new Error(`the delivery ${keyed} came and went`);
    return recorded;
  }
  const first = (await ports.hooks.resends(hook, originId)) + 1;
  for (let number = first; number < first + RESEND_TRIES; number++) {
    const again = { ...read, deliveryId: resentId(originId, number) };
    const recorded = await deliver(ports, hook, job, again, { kept, originId });
    if (recorded?.isNew) return recorded;
  }
  throw new AppError("unavailable", "others resend this delivery at the same time; try again");
}

/**
 * A delivery as it was when it came, or why it can not be read again: a sentence that "it" can stand before.
 * @param delivery with its whole body, where that is kept
 * @param rules that it is read for; absent, the hook's own
 */
export async function readAgain(
  senders: Senders,
  { spec: { source, options, ...own } }: StoredHook,
  delivery: RecordedDelivery,
  rules: HookRules = own,
): Promise<Delivery | { complaint: string }> {
  const { bodyBytes, body, bodyOf } = delivery;
  if (bodyBytes > body.byteLength) {
    const left =
      bodyOf !== null && body.byteLength === 0
        ? ` that was kept with the delivery ${bodyOf}, which is gone`
        : `, of which ${body.byteLength} are kept`;
    return { complaint: `has a body of ${bodyBytes} bytes${left}: have its sender send it again` };
  }
  if (delivery.source !== source)
    return { complaint: `came from ${delivery.source}, and the hook is for ${source} now` };
  // Its headers were not kept: what was wrong with it then is all that is known.
  if (delivery.event === UNREADABLE)
    return { complaint: `could not be read: ${delivery.detail ?? "nobody knows why"}` };
  const read = await senders.read(source, options, new Headers(delivery.headers), delivery.body, rules);
  if ("complaint" in read) return { complaint: `can not be read: ${read.complaint}` };
  return (
    partOf(read, delivery.originId ?? delivery.id) ?? {
      complaint: "stands for refs that were too many at once: push each of them again",
    }
  );
}
