/** The HTTP face: one route for each operation under /v1, what holds for all of them, and the control routes beside. */

import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ApiError, notImplemented } from "./error.ts";
import type { Faults } from "./faults.ts";
import { faulty } from "./faulty.ts";
import type { Host } from "./host.ts";
import { ulid } from "./id.ts";
import { BODY_MAX_BYTES } from "./limits.ts";
import type { Call } from "./request.ts";
import { controlRoutes } from "./routes/control.ts";
import { createMachine } from "./routes/create-machine.ts";
import { deleteMetadata } from "./routes/delete-metadata.ts";
import { destroyMachine } from "./routes/destroy-machine.ts";
import { execMachine } from "./routes/exec-machine.ts";
import { getApp } from "./routes/get-app.ts";
import { getMachine } from "./routes/get-machine.ts";
import { getMetadata } from "./routes/get-metadata.ts";
import { listEvents } from "./routes/list-events.ts";
import { listMachines } from "./routes/list-machines.ts";
import { setMetadata } from "./routes/set-metadata.ts";
import { signalMachine } from "./routes/signal-machine.ts";
import { startMachine } from "./routes/start-machine.ts";
import { stopMachine } from "./routes/stop-machine.ts";
import { waitMachine } from "./routes/wait-machine.ts";

export interface ApiParts {
  host: Host;
  faults: Faults;
  region: string;
  /** What the Authorization header must carry; null: anything. */
  token: string | null;
  /** Host names this server answers to; null: any, where it does not listen on the loopback alone. */
  hostNames: readonly string[] | null;
}

/** What an operation is made with and what it answers. */
export type Operation = (c: Call, parts: ApiParts) => Response | Promise<Response>;

type Api = Hono<{ Bindings: HttpBindings }>;

export function machinesApi(parts: ApiParts): Api {
  const app: Api = new Hono();
  app.use(async (c, next) => {
    // A web page can reach the loopback under a name of its own; only programs of this computer are meant.
    const name = (c.req.header("host") ?? "").replace(/:\d+$/, "");
    if (parts.hostNames !== null && !parts.hostNames.includes(name))
      return c.json({ error: `this server does not answer to the host name "${name}"` }, 403);
    await next();
    c.header("fly-request-id", `${ulid(Date.now())}-${parts.region}`);
    c.header("mayfly-isolation", parts.host.level.name);
    c.header("mayfly-limits", parts.host.level.enforcement?.by ?? "none");
    return;
  });
  app.use("/v1/*", (c, next) => {
    if (!isAuthorized(c.req.header("authorization"), parts.token))
      return Promise.resolve(c.json({ error: "Authenticate: token validation error" }, 401));
    return next();
  });
  app.use(bodyLimit({ maxSize: BODY_MAX_BYTES, onError: tooLarge }));
  operations(app, parts);
  app.route("/_control", controlRoutes(parts.faults));
  app.all("/v1/*", (c) => {
    throw notImplemented(`${c.req.method} ${c.req.path}`);
  });
  app.notFound((c) => c.json({ error: "not_found: the Machines API is under /v1" }, 404));
  app.onError((error, c) => {
    if (error instanceof ApiError) return c.json(error.body, error.status);
    console.error(error);
    return c.json({ error: `internal: ${error.message}` }, 500);
  });
  return app;
}

function operations(app: Api, parts: ApiParts): void {
  const on = (method: "GET" | "POST" | "DELETE", path: string, name: string, operation: Operation) =>
    app.on(method, `/v1/apps/:app${path}`, (c) => faulty(c, parts.faults, name, () => operation(c, parts)));
  const machine = "/machines/:id";
  on("GET", "", "get_app", getApp);
  on("POST", "/machines", "create", createMachine);
  on("GET", "/machines", "list", listMachines);
  on("GET", machine, "get", getMachine);
  on("DELETE", machine, "destroy", destroyMachine);
  on("POST", `${machine}/start`, "start", startMachine);
  on("POST", `${machine}/stop`, "stop", stopMachine);
  on("POST", `${machine}/signal`, "signal", signalMachine);
  on("GET", `${machine}/wait`, "wait", waitMachine);
  on("POST", `${machine}/exec`, "exec", execMachine);
  on("GET", `${machine}/events`, "events", listEvents);
  on("GET", `${machine}/metadata`, "get_metadata", getMetadata);
  on("GET", `${machine}/metadata/:key`, "get_metadata", getMetadata);
  on("POST", `${machine}/metadata/:key`, "set_metadata", setMetadata);
  on("DELETE", `${machine}/metadata/:key`, "delete_metadata", deleteMetadata);
}

/** Both schemes that clients use (fly-go tokens/), with any token unless one was set. */
function isAuthorized(header: string | undefined, token: string | null): boolean {
  const given = /^(?:Bearer|FlyV1)\s+(\S.*)$/i.exec(header ?? "")?.[1];
  return given !== undefined && (token === null || given.trim() === token);
}

function tooLarge(c: { json: (body: { error: string }, status: 413) => Response }): Response {
  return c.json({ error: `invalid_argument: the body is larger than ${BODY_MAX_BYTES} bytes` }, 413);
}
