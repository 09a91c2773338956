/** Parts that the descriptions of the calls about hooks share. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/error.ts";
import type { HookKey } from "../../../core/hook/hook.ts";
import type { RecordedDelivery, ShownDelivery, StoredHook } from "../../../flow/ports/hooks.ts";
import { hookBody } from "../../delivery-body.ts";
import { type StoredHookBody, storedHookSchema } from "../../delivery-schema.ts";
import { hookNameField } from "../../hook-schema.ts";
import { jobNameField } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { errorAnswer } from "../answers.ts";

export const hookParam = z.strictObject({
  job: jobNameField.openapi({ param: { name: "job", in: "path" } }),
  name: hookNameField.openapi({ param: { name: "name", in: "path" } }),
});

export const deliveryParam = hookParam.extend({
  delivery: z.string().openapi({ param: { name: "delivery", in: "path" } }),
});

export const UNKNOWN_HOOK = { 404: errorAnswer("there is no such hook") };
export const UNKNOWN_DELIVERY = { 404: errorAnswer("there is no such delivery, or it is not kept any more") };

export const HOOK_ANSWER = {
  description: "the hook",
  content: { "application/json": { schema: storedHookSchema } },
};

/** @throws AppError `not_found` */
export async function loadHook(
  { hooks, jobs, orgId }: Pick<ApiPorts, "hooks" | "jobs" | "orgId">,
  { job, name }: { job: string; name: string },
): Promise<StoredHook> {
  const found = await hooks.find({ orgId, job, name });
  if (found !== null) return found;
  const known = await hooks.ofJob(orgId, job);
  const names = known.map((one) => one.name).join(", ");
  const isDeleted = known.length === 0 && (await jobs.find(orgId, job))?.job.deletedAt != null;
  const hint = known.length > 0 ? `; it has ${names}` : isDeleted ? ", which is deleted" : "";
  throw new AppError("not_found", `there is no hook ${name} of a job ${job}${hint}`, "path.name");
}

/**
 * What a page of a ledger is asked for that has nothing on it.
 * @param hasLedger whether there is anything on another page, as of a hook that is gone
 * @throws AppError `not_found` where there is neither such a ledger nor such a hook
 */
export async function checkHookOrLedger(
  ports: Pick<ApiPorts, "hooks" | "jobs" | "orgId">,
  param: { job: string; name: string },
  hasLedger: () => Promise<boolean>,
): Promise<void> {
  try {
    await loadHook(ports, param);
  } catch (error) {
    if (!(await hasLedger())) throw error;
  }
}

/** @throws AppError `not_found` */
export async function loadDelivery(
  { hooks, orgId }: Pick<ApiPorts, "hooks" | "orgId">,
  { job, name, delivery }: { job: string; name: string; delivery: string },
): Promise<ShownDelivery<RecordedDelivery>> {
  const found = await hooks.delivery({ orgId, job, name }, delivery);
  if (found !== null) return found;
  throw new AppError(
    "not_found",
    `there is no delivery ${delivery.slice(0, 64)} of the hook ${name} of a job ${job}`,
    "path.delivery",
  );
}

/** Hooks with the last rows of their ledgers. @param url of the call, which tells where a deployment is that has no name set */
export async function shownHooks(
  ports: ApiPorts,
  found: StoredHook[],
  url: string,
): Promise<StoredHookBody[]> {
  const { hooks, secrets, orgId, publicUrl } = ports;
  if (found.length === 0) return [];
  const [last, set] = await Promise.all([hooks.lastDeliveries(found), secrets.list(orgId)]);
  const known = new Set(set.map(({ name }) => name));
  const isSame = (a: HookKey, b: HookKey) => a.job === b.job && a.name === b.name;
  return found.map((hook) => {
    const delivery = last.find((one) => isSame(one, hook)) ?? null;
    const isSet = hook.spec.secrets.some((name) => known.has(name));
    const names = hook.spec.secrets.join(", ");
    const problem = isSet ? null : `there is no secret ${names}, so every call is refused; set it first`;
    const { report } = hook.spec;
    const reportProblem =
      report === undefined || known.has(report.token)
        ? null
        : `there is no secret ${report.token}, so nothing is reported; set it first`;
    return hookBody(hook, delivery, { problem, reportProblem }, publicUrl ?? new URL(url).origin);
  });
}

export async function shownHook(ports: ApiPorts, hook: StoredHook, url: string): Promise<StoredHookBody> {
  const [shown] = await shownHooks(ports, [hook], url);
  if (!shown) throw new Error("each hook is shown");
  return shown;
}
