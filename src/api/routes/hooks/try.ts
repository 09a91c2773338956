/** POST /v1/jobs/{job}/hooks/{name}/try: what rules would make of past deliveries. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "../../../core/error.ts";
import { hookComplaint } from "../../../core/hook/complaint.ts";
import { CODE_SOURCES, type HookFilter, type HookMap } from "../../../core/hook/spec.ts";
import type { StoredHook } from "../../../flow/ports/hooks.ts";
import { tryHook } from "../../../flow/try-hook.ts";
import { checked } from "../../checked.ts";
import { deliverPortsOf } from "../../delivered-order.ts";
import { triedOf } from "../../delivery-body.ts";
import { type TriedBody, triedSchema, tryInputSchema } from "../../delivery-schema.ts";
import { filterOf, mapOf, pathOf } from "../../hook-schema.ts";
import { parseJson } from "../../json-body.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { loadJob } from "../jobs/answers.ts";
import { hookParam, loadHook, UNKNOWN_HOOK } from "./answers.ts";

const route = createRoute({
  method: "post",
  path: "/v1/jobs/{job}/hooks/{name}/try",
  summary: "Try rules on a hook's past deliveries",
  description:
    "Tells what each of the newest deliveries would come to, by the hook's rules or by those of the body in their place. Nothing is started and nothing recorded. That the job is paused makes no difference.",
  request: {
    params: hookParam,
    body: { required: false, content: { "application/json": { schema: tryInputSchema } } },
  },
  responses: {
    200: { description: "newest first", content: { "application/json": { schema: triedSchema } } },
    ...COMMON_ERRORS,
    ...UNKNOWN_HOOK,
    400: errorAnswer("the body is not JSON"),
  },
});

export function tryHookRoute(app: OpenAPIHono, ports: ApiPorts): void {
  // JSON is asked for whatever the content type says, as where a run is submitted.
  app.openAPIRegistry.registerPath(route);
  app.post("/v1/jobs/:job/hooks/:name/try", async (c) => {
    const param = checked(hookParam, c.req.param(), "path");
    const bytes = await c.req.arrayBuffer();
    const { limit, ...given } = checked(tryInputSchema, bytes.byteLength === 0 ? {} : parseJson(bytes), null);
    const hook = await loadHook(ports, param);
    const filter = { ...hook.spec.filter, ...filterOf(given) };
    const map = given.map === undefined ? hook.spec.map : mapOf(given.map);
    return c.json(await triedRules(ports, hook, { filter, map }, limit), 200);
  });
}

/** What rules would make of a hook's newest deliveries. @throws AppError `invalid_input` with the rule's path */
export async function triedRules(
  ports: ApiPorts,
  hook: StoredHook,
  rules: { filter: HookFilter; map: HookMap },
  limit: number,
): Promise<TriedBody> {
  const { source } = hook.spec;
  for (const field of ["branches", "tags", "paths"] as const)
    if (rules.filter[field] !== undefined && !CODE_SOURCES.has(source))
      throw new AppError("invalid_input", `has no meaning for deliveries of ${source}`, field);
  const complaint = hookComplaint(rules.filter, rules.map, null);
  if (complaint !== null)
    throw new AppError("invalid_input", complaint.message, pathOf(complaint.path).join("."));
  const job = await loadJob(ports.jobs, ports.orgId, hook.job);
  const tried = await tryHook(deliverPortsOf(ports), hook, job, rules, limit);
  return { deliveries: tried.map(triedOf) };
}
