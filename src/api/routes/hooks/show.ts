/** GET /v1/jobs/{job}/hooks/{name}: one hook. POST …/rotate: another URL for it. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { HOOK_ANSWER, hookParam, loadHook, shownHook, UNKNOWN_HOOK } from "./answers.ts";

const answers = { 200: HOOK_ANSWER, ...COMMON_ERRORS, ...UNKNOWN_HOOK };

const show = createRoute({
  method: "get",
  path: "/v1/jobs/{job}/hooks/{name}",
  summary: "Show a hook with its URL and its last delivery",
  request: { params: hookParam },
  responses: answers,
});

const rotate = createRoute({
  method: "post",
  path: "/v1/jobs/{job}/hooks/{name}/rotate",
  summary: "Give a hook another URL",
  description:
    "The one that it had is unknown from then on. The ledger goes on: a delivery that came by the earlier URL is known when it comes again.",
  request: { params: hookParam },
  responses: answers,
});

export function hookRoutes(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(show, async (c) =>
    c.json(await shownHook(ports, await loadHook(ports, c.req.valid("param")), c.req.url), 200),
  );
  app.openapi(rotate, async (c) => {
    const { hooks, ids, clock } = ports;
    const hook = await loadHook(ports, c.req.valid("param"));
    const rotated = await hooks.rotate(hook, ids.hookId(), clock.now());
    return c.json(await shownHook(ports, rotated ?? hook, c.req.url), 200);
  });
}
