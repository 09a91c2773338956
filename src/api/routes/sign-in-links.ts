/** POST /v1/sign-in-links: a link that signs a browser in, for somebody who has the API token. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiPorts } from "../ports.ts";
import { rfc3339 } from "../run-body.ts";
import { COMMON_ERRORS } from "./answers.ts";

const route = createRoute({
  method: "post",
  path: "/v1/sign-in-links",
  summary: "Make a link that signs a browser in",
  responses: {
    201: {
      description: "the link; it works until expires_at and does not hold the token",
      content: { "application/json": { schema: z.object({ url: z.url(), expires_at: z.iso.datetime() }) } },
    },
    ...COMMON_ERRORS,
  },
});

export function signInLinksRoute(app: OpenAPIHono, { sessions, clock }: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { text, expiresAt } = await sessions.issue("sign-in", clock.now());
    return c.json({ url: new URL(`/sign-in/${text}`, c.req.url).href, expires_at: rfc3339(expiresAt) }, 201);
  });
}
