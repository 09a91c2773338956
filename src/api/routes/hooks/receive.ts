/** POST /hooks/{hook}: a sender's call. Whoever knows the URL and the secret needs no token. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { AppError } from "../../../core/error.ts";
import { HOOK_BODY_MAX_BYTES } from "../../../core/limits.ts";
import { receive } from "../../../flow/deliver.ts";
import { receivePortsOf } from "../../delivered-order.ts";
import { receiptOf } from "../../delivery-body.ts";
import { receiptSchema } from "../../delivery-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";

/** One sentence for all who are not let in, so that it does not tell which hooks there are. */
const NOT_LET_IN = "there is no such hook, or this is not signed with its secret";

const receipt = (description: string) => ({
  description,
  content: { "application/json": { schema: receiptSchema } },
});

const route = createRoute({
  method: "post",
  path: "/hooks/{hook}",
  summary: "Deliver an event to a hook",
  description:
    "For the hook's sender, who signs the body as its source does. The first call of a delivery decides what it comes to, and each later one is answered that.",
  security: [],
  request: {
    params: z.object({ hook: z.string().openapi({ param: { name: "hook", in: "path" } }) }),
    body: { required: true, content: { "application/json": { schema: z.unknown() } } },
  },
  responses: {
    200: receipt("it was delivered before: what it came to then"),
    202: receipt("it is in the ledger, with its run where it starts one"),
    400: errorAnswer("it is signed, and not as its sender's deliveries are"),
    401: errorAnswer(NOT_LET_IN),
    413: errorAnswer("the body is too large"),
    500: COMMON_ERRORS[500],
    503: COMMON_ERRORS[503],
  },
});

export function receiveRoute(app: OpenAPIHono, ports: ApiPorts): void {
  const deliverPorts = receivePortsOf(ports);
  // Not by the app's validation: the body is what was signed, byte by byte, whatever its content type.
  app.openAPIRegistry.registerPath(route);
  app.use(
    "/hooks/*",
    bodyLimit({
      maxSize: HOOK_BODY_MAX_BYTES,
      onError: () => {
        throw new AppError("body_too_large", `a delivery's body can be at most ${HOOK_BODY_MAX_BYTES} bytes`);
      },
    }),
  );
  app.post("/hooks/:hook", async (c) => {
    const body = new Uint8Array(await c.req.arrayBuffer());
    const received = await receive(deliverPorts, c.req.param("hook"), c.req.raw.headers, body);
    if (received.kind === "unknown") throw new AppError("unauthorized", NOT_LET_IN);
    if (received.kind === "unreadable")
      throw new AppError("invalid_json", `the delivery can not be read: ${received.complaint}`);
    return c.json(receiptOf(received.delivery), received.isNew ? 202 : 200);
  });
}
