/**
 * The HTTP surface: a plain Hono app over ports, and the OpenAPI 3.1 document made from the schemas that validate. It knows
 * statuses and headers; what a run is and does is decided in `core` and `flow`.
 */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { requestId } from "hono/request-id";
import { AppError } from "../core/error.ts";
import { REQUEST_BODY_MAX_BYTES } from "../core/limits.ts";
import { bearerAuth } from "./auth.ts";
import { complaint } from "./complaints.ts";
import { invalidInput, notFound, onError } from "./errors.ts";
import { refuseOtherMethods } from "./other-methods.ts";
import type { ApiPorts } from "./ports.ts";
import { alertsRoute } from "./routes/alerts.ts";
import { cancelRoute } from "./routes/cancel.ts";
import { cancelAllRoute } from "./routes/cancel-all.ts";
import { eventsRoute } from "./routes/events.ts";
import { deliveriesRoutes } from "./routes/hooks/deliveries.ts";
import { listHooksRoute } from "./routes/hooks/list.ts";
import { receiveRoute } from "./routes/hooks/receive.ts";
import { reportsRoutes } from "./routes/hooks/reports.ts";
import { resendRoute } from "./routes/hooks/resend.ts";
import { hookRoutes } from "./routes/hooks/show.ts";
import { tryHookRoute } from "./routes/hooks/try.ts";
import { deleteJobRoute } from "./routes/jobs/delete.ts";
import { diffJobRoute } from "./routes/jobs/diff.ts";
import { listJobsRoute } from "./routes/jobs/list.ts";
import { pauseJobRoutes } from "./routes/jobs/pause.ts";
import { putJobRoute } from "./routes/jobs/put.ts";
import { rollbackJobRoute } from "./routes/jobs/rollback.ts";
import { runJobRoute } from "./routes/jobs/run.ts";
import { showJobRoute } from "./routes/jobs/show.ts";
import { jobVersionRoute } from "./routes/jobs/version.ts";
import { jobVersionsRoute } from "./routes/jobs/versions.ts";
import { listRoute } from "./routes/list.ts";
import { machinesRoute } from "./routes/machines.ts";
import { openRoutes } from "./routes/open.ts";
import { outputRoute } from "./routes/output.ts";
import { rerunRoute } from "./routes/rerun.ts";
import { backfillRoute } from "./routes/schedules/backfill.ts";
import { firingsRoute } from "./routes/schedules/firings.ts";
import { listSchedulesRoute } from "./routes/schedules/list.ts";
import { nextDueRoute } from "./routes/schedules/next.ts";
import { pauseScheduleRoutes } from "./routes/schedules/pause.ts";
import { runScheduleRoute } from "./routes/schedules/run.ts";
import { showScheduleRoute } from "./routes/schedules/show.ts";
import { secretsRoutes } from "./routes/secrets.ts";
import { showRoute } from "./routes/show.ts";
import { signInLinksRoute } from "./routes/sign-in-links.ts";
import { submitRoute } from "./routes/submit.ts";
import { notificationsRoutes } from "./routes/webhooks/notifications.ts";
import { webhooksRoutes } from "./routes/webhooks/webhooks.ts";

/** The API with all its routes. */
export function createApi(ports: ApiPorts): OpenAPIHono {
  // For the whole isolate: the routes' validators take no error map of their own.
  z.config({ customError: complaint });
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.error, PLACES[result.target] ?? null);
    },
  });
  app.use(requestId());
  app.onError(onError);
  app.notFound(notFound);
  app.use(
    "/v1/*",
    bearerAuth(ports.token),
    bodyLimit({
      maxSize: REQUEST_BODY_MAX_BYTES,
      onError: () => {
        throw new AppError("body_too_large", `a request body can be at most ${REQUEST_BODY_MAX_BYTES} bytes`);
      },
    }),
  );
  submitRoute(app, ports);
  listRoute(app, ports);
  showRoute(app, ports);
  eventsRoute(app, ports);
  outputRoute(app, ports);
  cancelRoute(app, ports);
  cancelAllRoute(app, ports);
  rerunRoute(app, ports);
  putJobRoute(app, ports);
  listJobsRoute(app, ports);
  showJobRoute(app, ports);
  jobVersionsRoute(app, ports);
  jobVersionRoute(app, ports);
  diffJobRoute(app, ports);
  rollbackJobRoute(app, ports);
  pauseJobRoutes(app, ports);
  deleteJobRoute(app, ports);
  runJobRoute(app, ports);
  listSchedulesRoute(app, ports);
  showScheduleRoute(app, ports);
  firingsRoute(app, ports);
  nextDueRoute(app, ports);
  runScheduleRoute(app, ports);
  pauseScheduleRoutes(app, ports);
  backfillRoute(app, ports);
  listHooksRoute(app, ports);
  hookRoutes(app, ports);
  deliveriesRoutes(app, ports);
  resendRoute(app, ports);
  tryHookRoute(app, ports);
  reportsRoutes(app, ports);
  receiveRoute(app, ports);
  alertsRoute(app, ports);
  webhooksRoutes(app, ports);
  notificationsRoutes(app, ports);
  machinesRoute(app, ports);
  secretsRoutes(app, ports);
  signInLinksRoute(app, ports);
  openRoutes(app);
  refuseOtherMethods(app);
  return app;
}

/** How a validated part of a request is named in the path of an error; the body is the default and has no prefix. */
const PLACES: Record<string, string> = { query: "query", param: "path", header: "header" };
