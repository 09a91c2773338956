/** The HTTP face: one route for each operation under /v1, what holds for all of them, and the control routes beside. */

import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Clock } from "./clock.ts";
import { ApiError, notImplemented, unauthorized } from "./error.ts";
import type { Faults } from "./faults/faults.ts";
import { faulty } from "./faults/faulty.ts";
import { isAuthorized, refusal } from "./guard.ts";
import { ulid } from "./id.ts";
import { BODY_MAX_BYTES } from "./limits.ts";
import type { Host } from "./machines/host.ts";
import type { LeaseConflict } from "./machines/lease.ts";
import type { Scheduler } from "./machines/scheduler.ts";
import type { Platform } from "./platform/platform.ts";
import { type On, platformOperations } from "./platform/platform-operations.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { Call } from "./request.ts";
import { controlRoutes } from "./routes/control.ts";
import { cordonMachine, uncordonMachine } from "./routes/cordon-machine.ts";
import { createLease } from "./routes/create-lease.ts";
import { createMachine } from "./routes/create-machine.ts";
import { deleteMetadata } from "./routes/delete-metadata.ts";
import { destroyMachine } from "./routes/destroy-machine.ts";
import { execMachine } from "./routes/exec-machine.ts";
import { getLease } from "./routes/get-lease.ts";
import { getMachine } from "./routes/get-machine.ts";
import { getMemory } from "./routes/get-memory.ts";
import { getMetadata } from "./routes/get-metadata.ts";
import { listEvents } from "./routes/list-events.ts";
import { listMachines } from "./routes/list-machines.ts";
import { listOrgMachines } from "./routes/list-org-machines.ts";
import { listProcesses } from "./routes/list-processes.ts";
import { listVersions } from "./routes/list-versions.ts";
import { patchMetadata } from "./routes/patch-metadata.ts";
import { reclaimMemory } from "./routes/reclaim-memory.ts";
import { releaseLease } from "./routes/release-lease.ts";
import { restartMachine } from "./routes/restart-machine.ts";
import { setMemory } from "./routes/set-memory.ts";
import { setMetadata } from "./routes/set-metadata.ts";
import { signalMachine } from "./routes/signal-machine.ts";
import { startMachine } from "./routes/start-machine.ts";
import { stopMachine } from "./routes/stop-machine.ts";
import { suspendMachine } from "./routes/suspend-machine.ts";
import { updateMachine } from "./routes/update-machine.ts";
import { waitMachine } from "./routes/wait-machine.ts";

export interface ApiParts {
  host: Host;
  platform: Platform;
  faults: Faults;
  region: string;
  clock: Clock;
  scheduler: Scheduler;
  /** Null: none are in force. */
  rateLimits: RateLimits | null;
  /** What a stop and a destroy do that meet somebody else's lease. */
  leaseConflict: LeaseConflict;
  /** What the Authorization header must carry; null: anything. */
  token: string | null;
  /** The address that it listens on, which says under which host names it answers. */
  listensOn: string;
  now: () => number;
}

/** What an operation is made with and what it answers. */
export type Operation = (c: Call, parts: ApiParts) => Response | Promise<Response>;

type Api = Hono<{ Bindings: HttpBindings }>;

export function machinesApi(parts: ApiParts): Api {
  const app: Api = new Hono();
  app.use(async (c, next) => {
    const reason = refusal(
      {
        host: c.req.header("host"),
        origin: c.req.header("origin"),
        secFetchSite: c.req.header("sec-fetch-site"),
      },
      parts.listensOn,
    );
    if (reason !== null) return c.json({ error: reason }, 403);
    await next();
    if (parts.faults.skewMs !== 0) c.header("date", new Date(parts.now()).toUTCString());
    c.header("fly-request-id", `${ulid(Date.now())}-${parts.region}`);
    const { name, enforcement, lack } = parts.host.level;
    c.header("mayfly-isolation", name);
    c.header("mayfly-limits", enforcement?.by ?? "none");
    c.header("mayfly-rate-limits", parts.rateLimits === null ? "none" : "fly");
    // A header holds no other letters than ASCII's, and no line breaks.
    if (lack !== undefined) c.header("mayfly-no-sandboxes", encodeURIComponent(lack.toWellFormed()));
    return;
  });
  app.use((c, next) => {
    if (isOpen(c.req.path, parts.token) || isAuthorized(c.req.header("authorization"), parts.token))
      return next();
    throw unauthorized();
  });
  app.use(bodyLimit({ maxSize: BODY_MAX_BYTES, onError: tooLarge }));
  const on: On = (method, path, name, operation) => {
    parts.faults.operations.add(name);
    app.on(method, path, (c) => {
      parts.rateLimits?.count(name, c.req.param("id") ?? c.req.param("app") ?? c.req.param("org") ?? "");
      return faulty(c, parts.faults, name, () => {
        const named = c.req.param("app");
        if (named !== undefined) parts.platform.apps.get(named);
        return operation(c, parts);
      });
    });
  };
  machineOperations((method, path, ...rest) => on(method, `/v1/apps/:app${path}`, ...rest));
  on("GET", "/v1/orgs/:org/machines", "list_org", listOrgMachines);
  platformOperations(on);
  app.route("/_control", controlRoutes(parts.faults, parts.host));
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

function machineOperations(on: On): void {
  const machine = "/machines/:id";
  on("POST", "/machines", "create", createMachine);
  on("GET", "/machines", "list", listMachines);
  on("GET", machine, "get", getMachine);
  on("POST", machine, "update", updateMachine);
  on("DELETE", machine, "destroy", destroyMachine);
  on("POST", `${machine}/start`, "start", startMachine);
  on("POST", `${machine}/stop`, "stop", stopMachine);
  on("POST", `${machine}/restart`, "restart", restartMachine);
  on("POST", `${machine}/suspend`, "suspend", suspendMachine);
  on("POST", `${machine}/cordon`, "cordon", cordonMachine);
  on("POST", `${machine}/uncordon`, "uncordon", uncordonMachine);
  on("POST", `${machine}/signal`, "signal", signalMachine);
  on("GET", `${machine}/wait`, "wait", waitMachine);
  on("POST", `${machine}/exec`, "exec", execMachine);
  on("GET", `${machine}/events`, "events", listEvents);
  on("GET", `${machine}/versions`, "versions", listVersions);
  on("GET", `${machine}/ps`, "ps", listProcesses);
  on("GET", `${machine}/memory`, "get_memory", getMemory);
  on("PUT", `${machine}/memory`, "set_memory", setMemory);
  on("POST", `${machine}/memory/reclaim`, "reclaim_memory", reclaimMemory);
  on("GET", `${machine}/lease`, "get_lease", getLease);
  on("POST", `${machine}/lease`, "create_lease", createLease);
  on("DELETE", `${machine}/lease`, "release_lease", releaseLease);
  on("GET", `${machine}/metadata`, "get_metadata", getMetadata);
  on("PUT", `${machine}/metadata`, "patch_metadata", patchMetadata);
  on("PATCH", `${machine}/metadata`, "patch_metadata", patchMetadata);
  on("GET", `${machine}/metadata/:key`, "get_metadata", getMetadata);
  on("POST", `${machine}/metadata/:key`, "set_metadata", setMetadata);
  on("DELETE", `${machine}/metadata/:key`, "delete_metadata", deleteMetadata);
}

/** A Machine has no token to ask with who it is: the operation itself looks who asks. */
const OPEN_TO_MACHINES = /^\/v1(?:\/v1)?\/tokens\/oidc$/;

/** What needs no token here: what is public by its nature, what Machines ask, and control as long as none was set. */
function isOpen(path: string, token: string | null): boolean {
  if (path.startsWith("/oidc/") || OPEN_TO_MACHINES.test(path)) return true;
  return token === null && !/^\/(?:v1|api|graphql)(?:\/|$)/.test(path);
}

function tooLarge(c: { json: (body: { error: string }, status: 413) => Response }): Response {
  return c.json({ error: `invalid_argument: the body is larger than ${BODY_MAX_BYTES} bytes` }, 413);
}
