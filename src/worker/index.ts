/** The worker: HTTP by the API and the pages, the minute's cron by the sweep, runs by their drivers. */

import { Hono } from "hono";
import { createApi } from "../api/app.ts";
import { createDashboard } from "../dashboard/dashboard.tsx";
import { sweep } from "../flow/sweep.ts";
import { dashboardPorts } from "./dashboard-ports.ts";
import { ConfigError, type Env } from "./env.ts";
import { apiPorts } from "./ports.ts";

export { RunDriver } from "./run-driver.ts";

/** One app per isolate: building it anew for each request would cost more than most requests. */
const apps = new WeakMap<Env, Hono>();

function appOf(env: Env): Hono {
  let app = apps.get(env);
  if (!app) {
    const ports = apiPorts(env);
    const [api, pages] = [createApi(ports), createDashboard(dashboardPorts(ports))];
    app = new Hono();
    app.all("/v1/*", (c) => api.fetch(c.req.raw));
    for (const path of ["/healthz", "/openapi.json"]) app.all(path, (c) => api.fetch(c.req.raw));
    app.all("*", (c) => pages.fetch(c.req.raw));
    apps.set(env, app);
  }
  return app;
}

export default {
  async fetch(request, env, context) {
    try {
      return await appOf(env).fetch(request, env, context);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      console.error(JSON.stringify({ level: "error", error: error.message }));
      return Response.json(
        { error: { code: "unavailable", message: error.message, path: null, request_id: null } },
        { status: 503 },
      );
    }
  },

  async scheduled(_controller, env) {
    const ports = apiPorts(env);
    const report = await sweep(ports);
    if (report.failed > 0) console.error(JSON.stringify({ level: "error", sweep: report }));
    await ports.secrets.tend();
  },
} satisfies ExportedHandler<Env>;
