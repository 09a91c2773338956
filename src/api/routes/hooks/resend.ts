/** POST /v1/jobs/{job}/hooks/{name}/deliveries/{delivery}/resend: a delivery once more. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { resend } from "../../../flow/resend.ts";
import { deliverPortsOf } from "../../delivered-order.ts";
import { receiptOf } from "../../delivery-body.ts";
import { receiptSchema } from "../../delivery-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { loadJob } from "../jobs/answers.ts";
import { deliveryParam, loadDelivery, loadHook } from "./answers.ts";

const route = createRoute({
  method: "post",
  path: "/v1/jobs/{job}/hooks/{name}/deliveries/{delivery}/resend",
  summary: "Send a delivery once more, to the version of the job that is in force",
  description:
    "It is judged by the hook's rules as they are now, and is a row of its own in the ledger, which names the first one. Each call makes another.",
  request: { params: deliveryParam },
  responses: {
    202: { description: "what came of it", content: { "application/json": { schema: receiptSchema } } },
    ...COMMON_ERRORS,
    404: errorAnswer("there is no such hook or delivery"),
  },
});

export function resendRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const param = c.req.valid("param");
    const hook = await loadHook(ports, param);
    const [job, delivery] = await Promise.all([
      loadJob(ports.jobs, ports.orgId, param.job),
      loadDelivery(ports, param),
    ]);
    return c.json(receiptOf(await resend(deliverPortsOf(ports), hook, job, delivery)), 202);
  });
}
