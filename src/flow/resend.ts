/** Resend: a delivery of the ledger once more, to the version of the job that is in force, as a row of its own that names the first. */

import { AppError } from "../core/error.ts";
import type { Delivery } from "../core/hook/delivery.ts";
import { resentId } from "../core/hook/hook.ts";
import { partOf } from "../core/hook/parts.ts";
import type { HookRules } from "../core/hook/spec.ts";
import { RESEND_TRIES } from "../core/limits.ts";
import { type DeliverPorts, deliver } from "./deliver.ts";
import type { DeliverySummary, RecordedDelivery, Senders, StoredHook } from "./ports/hooks.ts";
import type { DefinedJob } from "./ports/jobs.ts";
import { withWholeBody } from "./whole-body.ts";

/**
 * @throws AppError `invalid_input` where the delivery can not be read any more: not all of its body was kept, or the hook is of another
 * sender now
 */
export async function resend(
  ports: DeliverPorts,
  hook: StoredHook,
  job: DefinedJob,
  earlier: RecordedDelivery,
): Promise<DeliverySummary> {
  const whole = await withWholeBody(ports.bodies, earlier);
  const read = await readAgain(ports.senders, hook, whole);
  if ("complaint" in read) throw new AppError("invalid_input", read.complaint, "path.delivery");
  const originId = earlier.originId ?? earlier.id;
  const first = (await ports.hooks.resends(hook, originId)) + 1;
  for (let number = first; number < first + RESEND_TRIES; number++) {
    const again = { ...read, deliveryId: resentId(originId, number) };
    const recorded = await deliver(ports, hook, job, again, { body: whole.body, originId });
    if (recorded?.isNew) return recorded.delivery;
  }
  throw new AppError("unavailable", "others resend this delivery at the same time; try again");
}

/**
 * Resends it as the one of that number, once, however often and at how many places at once that is asked for.
 * @param number from 1; a higher one than is next means the next
 * @throws AppError as {@link resend}
 */
export async function resendOnce(
  ports: DeliverPorts,
  hook: StoredHook,
  job: DefinedJob,
  earlier: RecordedDelivery,
  number: number,
): Promise<DeliverySummary> {
  const originId = earlier.originId ?? earlier.id;
  const next = (await ports.hooks.resends(hook, originId)) + 1;
  const deliveryId = resentId(originId, Math.min(number, next));
  const done = await ports.hooks.delivery(hook, deliveryId);
  if (done !== null) return done;
  const whole = await withWholeBody(ports.bodies, earlier);
  const read = await readAgain(ports.senders, hook, whole);
  if ("complaint" in read) throw new AppError("invalid_input", read.complaint, "path.delivery");
  const recorded = await deliver(ports, hook, job, { ...read, deliveryId }, { body: whole.body, originId });
  if (recorded === null) throw new Error(`the delivery ${deliveryId} came and went`);
  return recorded.delivery;
}

/**
 * A delivery as it was when it came, or why it can not be read again.
 * @param delivery with its whole body, where that is kept
 * @param rules that it is read for; absent, the hook's own
 */
export async function readAgain(
  senders: Senders,
  { spec: { source, options, ...own } }: StoredHook,
  delivery: RecordedDelivery,
  rules: HookRules = own,
): Promise<Delivery | { complaint: string }> {
  if (delivery.bodyBytes > delivery.body.byteLength)
    return {
      complaint: `has a body of ${delivery.bodyBytes} bytes, of which ${delivery.body.byteLength} are kept: have its sender send it again`,
    };
  if (delivery.source !== source)
    return { complaint: `came from ${delivery.source}, and the hook is for ${source} now` };
  const read = await senders.read(source, options, new Headers(delivery.headers), delivery.body, rules);
  if ("complaint" in read) return read;
  return (
    partOf(read, delivery.originId ?? delivery.id) ?? {
      complaint: "stands for refs that were too many at once: push each of them again",
    }
  );
}
