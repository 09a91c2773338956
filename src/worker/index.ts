/** The worker: HTTP by the API and the pages, the minute's cron by the tick and the sweeps, runs by their drivers. */

import { Hono } from "hono";
import { createApi } from "../api/app.ts";
import { AFTER_START } from "../core/cron.ts";
import { SWEEP_QUIET_MS } from "../core/limits.ts";
import { createDashboard } from "../dashboard/dashboard.tsx";
import { forgetOld } from "../flow/forget.ts";
import { type HandOverPorts, wakeChains } from "../flow/hand-over.ts";
import { type NotifyPorts, wakeNotifiers } from "../flow/notify.ts";
import { reap } from "../flow/reap.ts";
import { sweep } from "../flow/sweep.ts";
import { tendFlySchedules } from "../flow/tend-fly-schedules.ts";
import { type TickPorts, type TickReport, tick } from "../flow/tick.ts";
import { type WatchPorts, watch } from "../flow/watch.ts";
import { dashboardPorts } from "./dashboard-ports.ts";
import { ConfigError, type Env } from "./env.ts";
import { apiPorts, reapPorts, tendPorts } from "./ports.ts";

export { Notifier } from "./notifier.ts";
export { RunDriver } from "./run-driver.ts";
export { Timekeeper } from "./timekeeper.ts";

/** One app per isolate: building it anew for each request would cost more than most requests. */
const apps = new WeakMap<Env, Hono>();

function appOf(env: Env): Hono {
  let app = apps.get(env);
  if (!app) {
    const ports = apiPorts(env);
    const [api, pages] = [createApi(ports), createDashboard(dashboardPorts(ports))];
    app = new Hono();
    app.all("/v1/*", (c) => api.fetch(c.req.raw));
    // A sender calls; whoever looks finds pages there.
    app.post("/hooks/:hook", (c) => api.fetch(c.req.raw));
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

  async scheduled({ cron }, env) {
    const ports = apiPorts(env);
    const quietMs = cron === AFTER_START ? 0 : SWEEP_QUIET_MS;
    // Side by side, so that neither waits for the other, nor goes down with it.
    const [schedules, ofFly, runs, machines, ledgers] = await Promise.allSettled([
      ticked(ports),
      tendFlySchedules(tendPorts(env)),
      sweep(ports, quietMs),
      reap(reapPorts(env)),
      forgetOld(ports),
    ]);
    if (schedules.status === "rejected" || schedules.value.problems.length > 0)
      logSweep("error", { schedules: told(schedules) });
    if (ofFly.status === "rejected" || ofFly.value.problems.length > 0)
      logSweep("error", { schedules_of_fly: told(ofFly) });
    if (runs.status === "rejected" || runs.value.failed + runs.value.problems.length > 0)
      logSweep("error", { runs: told(runs) });
    if (machines.status === "rejected" || machines.value.problems.length > 0)
      logSweep("error", { machines: told(machines) });
    else if (machines.value.reaped > 0) logSweep("info", { machines: told(machines) });
    if (ledgers.status === "rejected") logSweep("error", { ledgers: told(ledgers) });
    const tended = await Promise.allSettled([ports.secrets.tend(), ports.webhookKeeper.tend()]);
    for (const each of tended) if (each.status === "rejected") logSweep("error", { secrets: told(each) });
  },
} satisfies ExportedHandler<Env>;

/** What is late is told of what the tick has decided, and subscribers are told of that. */
async function ticked(
  ports: TickPorts &
    WatchPorts &
    Pick<NotifyPorts, "notifications" | "notifiers" | "clock"> &
    Pick<HandOverPorts, "handovers">,
): Promise<TickReport> {
  const report = await tick(ports);
  await watch(ports).catch((error) => report.problems.push(`alerts: ${error}`));
  // Side by side: chains are not to wait for those who are told of runs.
  await Promise.all([
    wakeNotifiers(ports).catch((error) => report.problems.push(`notifiers: ${error}`)),
    wakeChains(ports).catch((error) => report.problems.push(`chains: ${error}`)),
  ]);
  return report;
}

function told(result: PromiseSettledResult<object | number>): object | number {
  return result.status === "fulfilled" ? result.value : { error: String(result.reason) };
}

function logSweep(level: "error" | "info", sweep: object): void {
  console[level](JSON.stringify({ level, sweep }));
}
