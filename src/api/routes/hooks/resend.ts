/** POST /v1/jobs/{job}/hooks/{name}/deliveries/{delivery}/resend: a delivery once more. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { resend } from "../../../flow/resend.ts";
import { checked } from "../../checked.ts";
import { deliverPortsOf } from "../../delivered-order.ts";
import { receiptOf } from "../../delivery-body.ts";
import { receiptSchema } from "../../delivery-schema.ts";
import { invalidInput } from "../../errors.ts";
import { parseJson } from "../../json-body.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { loadJob } from "../jobs/answers.ts";
import { idempotencyKey } from "../submission.ts";
import { deliveryParam, loadDelivery, loadHook } from "./answers.ts";

const headers = z.object({
  "idempotency-key": idempotencyKey.optional().openapi({
    description:
      "the same key answers what came of the call that had it first, as long as the ledger tells of it. It is a key of this delivery alone",
  }),
});

/** There is nothing to say. */
const noFields = z.strictObject({});

const receipt = (description: string) => ({
  description,
  content: { "application/json": { schema: receiptSchema } },
});

const route = createRoute({
  method: "post",
  path: "/v1/jobs/{job}/hooks/{name}/deliveries/{delivery}/resend",
  summary: "Send a delivery once more, to the version of the job that is in force",
  description:
    "It is judged by the hook's rules as they are now, and is a row of its own in the ledger, which names the first one. Each call makes another, unless it has an Idempotency-Key.",
  request: {
    params: deliveryParam,
    headers,
    body: { required: false, content: { "application/json": { schema: noFields } } },
  },
  responses: {
    200: receipt("it was resent with this key before (duplicate): what came of it then"),
    202: receipt("what came of it"),
    ...COMMON_ERRORS,
    400: errorAnswer("the body is not JSON"),
    404: errorAnswer("there is no such hook or delivery"),
  },
});

export function resendRoute(app: OpenAPIHono, ports: ApiPorts): void {
  // JSON is asked for whatever the content type says, as where a run is submitted.
  app.openAPIRegistry.registerPath(route);
  app.post("/v1/jobs/:job/hooks/:name/deliveries/:delivery/resend", async (c) => {
    const param = checked(deliveryParam, c.req.param(), "path");
    const given = headers.safeParse({ "idempotency-key": c.req.header("idempotency-key") });
    if (!given.success) throw invalidInput(given.error, "header");
    const bytes = await c.req.arrayBuffer();
    checked(noFields, bytes.byteLength === 0 ? {} : parseJson(bytes), null);
    const hook = await loadHook(ports, param);
    const [job, delivery] = await Promise.all([
      loadJob(ports.jobs, ports.orgId, param.job),
      loadDelivery(ports, param),
    ]);
    const key = given.data["idempotency-key"] ?? null;
    const recorded = await resend(deliverPortsOf(ports), hook, job, delivery, key);
    return c.json(receiptOf(recorded), recorded.isNew ? 202 : 200);
  });
}
