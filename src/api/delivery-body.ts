/** Hooks and their deliveries in the API's words. */

import { changeJson } from "../core/hook/change.ts";
import type { RunDelivery } from "../core/hook/run-delivery.ts";
import { type Checkout, isOfOtherRepository } from "../core/step/checkout.ts";
import type { Recorded } from "../flow/deliver.ts";
import type { RecordedDelivery, ShownDelivery, StoredHook } from "../flow/ports/hooks.ts";
import type { Tried } from "../flow/try-hook.ts";
import type {
  DeliveryBody,
  DeliverySummaryBody,
  HookRulesBody,
  ReceiptBody,
  RunDeliveryBody,
  StoredHookBody,
  TriedBody,
} from "./delivery-schema.ts";
import { rfc3339, timeOrNull } from "./run-body.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function runDeliveryOf(delivery: RunDelivery, checkout: Checkout | null): RunDeliveryBody {
  const { hook, id, event, isWithoutSecrets, change, report } = delivery;
  return {
    hook,
    id,
    event,
    without_secrets: isWithoutSecrets,
    other_repository: isOfOtherRepository(checkout, change),
    change: change && changeJson(change),
    report: report ? { context: report.context, api_url: report.apiUrl } : null,
  };
}

export function deliverySummary(delivery: ShownDelivery): DeliverySummaryBody {
  return {
    id: delivery.id,
    received_at: rfc3339(delivery.receivedAt),
    source: delivery.source,
    event: delivery.event,
    action: delivery.action,
    verdict: delivery.verdict,
    why: delivery.why,
    detail: delivery.detail,
    job_version: delivery.jobVersion,
    run_id: delivery.runId,
    run: delivery.run,
    resend_of: delivery.originId,
    without_secrets: delivery.isWithoutSecrets,
    repeats: delivery.repeats,
    repeated_at: timeOrNull(delivery.repeatedAt),
    change: delivery.change && changeJson(delivery.change),
    body_bytes: delivery.bodyBytes,
    body_sha256: delivery.bodySha256,
    body_of: delivery.bodyOf,
  };
}

export function deliveryBody(delivery: ShownDelivery<RecordedDelivery>): DeliveryBody {
  const { headers, body, bodyBytes } = delivery;
  const isComplete = body.byteLength === bodyBytes;
  const text = textOf(body, isComplete);
  return {
    ...deliverySummary(delivery),
    headers,
    body: text,
    body_base64: text === null ? Buffer.from(body).toString("base64") : null,
    body_complete: isComplete,
  };
}

/** @param base of all URLs here, without a slash at its end */
export function hookBody(
  { job, name, id, spec, createdAt, urlSince, refused }: StoredHook,
  last: ShownDelivery | null,
  { problem, reportProblem }: { problem: string | null; reportProblem: string | null },
  base: string,
): StoredHookBody {
  const { report } = spec;
  return {
    job,
    name,
    source: spec.source,
    url: `${base}/hooks/${id}`,
    url_since: rfc3339(urlSince),
    created_at: rfc3339(createdAt),
    secrets: spec.secrets,
    rules: { ...spec.filter, ...(Object.keys(spec.map).length > 0 && { map: spec.map }) } as HookRulesBody,
    problem,
    report: report
      ? { context: report.context, api_url: report.apiUrl, token: report.token, problem: reportProblem }
      : null,
    refused_calls: refused && {
      at_least: refused.calls,
      since: rfc3339(refused.since),
      last_at: rfc3339(refused.lastAt),
    },
    last_delivery: last && deliverySummary(last),
  };
}

export function receiptOf({
  delivery: { id, verdict, why, detail, runId, receivedAt, repeats },
  isNew,
}: Recorded): ReceiptBody {
  return {
    delivery: id,
    verdict,
    why,
    detail,
    run_id: runId,
    duplicate: !isNew,
    received_at: rfc3339(receivedAt),
    repeats,
  };
}

export function triedOf({ delivery, would }: Tried): TriedBody["deliveries"][number] {
  const { id, receivedAt, event, verdict, why } = delivery;
  const told = { id, received_at: rfc3339(receivedAt), event, was: { verdict, why } };
  if ("complaint" in would) return { ...told, would: null, problem: would.complaint };
  const filled = would.verdict === "started" ? would.filled : null;
  return {
    ...told,
    would: {
      verdict: would.verdict,
      why: would.verdict === "filtered" ? would.why : null,
      detail: "detail" in would ? would.detail : null,
      env: filled?.env ?? null,
      input: filled?.input ?? null,
    },
    problem: null,
  };
}

/** The text of a body; of one that was cut what is left of its last character is left out. Null where it is no text. */
function textOf(body: Uint8Array, isComplete: boolean): string | null {
  for (let end = body.length; end >= Math.max(0, body.length - (isComplete ? 0 : 3)); end--)
    try {
      return strictUtf8.decode(body.subarray(0, end));
    } catch {
      // Perhaps a character shorter.
    }
  return null;
}
