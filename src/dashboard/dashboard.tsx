/** The pages, as an app of their own, and what is said of any other path. */

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { csrf } from "hono/csrf";
import { PAGE_FORM_MAX_BYTES, PAGE_INPUT_FORM_MAX_BYTES, PAGE_RULES_FORM_MAX_BYTES } from "../core/limits.ts";
import { alertListPage } from "./alert-list.tsx";
import { assets } from "./assets.ts";
import { deliveryPages } from "./delivery-page.tsx";
import { eventPages } from "./event-page.tsx";
import { noStore, pageHeaders } from "./headers.ts";
import { hookListPage } from "./hook-list.tsx";
import { hookPages } from "./hook-page.tsx";
import { jobListPage } from "./job-list.tsx";
import { jobPages } from "./job-page.tsx";
import { jobVersionPages } from "./job-versions.tsx";
import { notificationPages } from "./notification-page.tsx";
import type { DashboardPorts } from "./ports.ts";
import { problemHandler } from "./problem.tsx";
import { reportListPage } from "./report-list.tsx";
import { reportPages } from "./report-page.tsx";
import { runListPage } from "./run-list.tsx";
import { runPages } from "./run-page.tsx";
import { scheduleListPage } from "./schedule-list.tsx";
import { schedulePages } from "./schedule-page.tsx";
import { requireSession } from "./session.ts";
import { signInPages } from "./sign-in.tsx";
import { stepPages } from "./step-page.tsx";
import { unknownPath } from "./unknown-path.tsx";
import { webhookFormPages } from "./webhook-form-pages.tsx";
import { webhookListPage } from "./webhook-list.tsx";
import { webhookPages } from "./webhook-page.tsx";

export type { DashboardPorts, RunQuery, StoredOutput } from "./ports.ts";

/** Paths that are pages. Named one by one: mounted at "/", this app must not touch what belongs to the API. */
const SIGNED_IN_PATHS = [
  "/",
  "/runs/*",
  "/jobs/*",
  "/schedules/*",
  "/alerts",
  "/hooks",
  // What is called at /hooks/{hook} is no page.
  "/hooks/:job/:name/*",
  "/webhooks/*",
];
/** Those with forms that can be long. */
const FORM_MAX_BYTES: Record<string, number> = {
  "/jobs/*": PAGE_INPUT_FORM_MAX_BYTES,
  "/hooks/:job/:name/*": PAGE_RULES_FORM_MAX_BYTES,
  "/webhooks/*": PAGE_RULES_FORM_MAX_BYTES,
};
const PATHS = [...SIGNED_IN_PATHS, "/sign-in", "/sign-in/*", "/sign-out", "/assets/*"];

export function createDashboard(ports: DashboardPorts): Hono {
  const app = new Hono();
  app.onError(problemHandler(() => ports.now()));
  app.notFound(unknownPath(ports));
  for (const path of PATHS) {
    const maxSize = FORM_MAX_BYTES[path] ?? PAGE_FORM_MAX_BYTES;
    app.use(path, pageHeaders(), noStore(), csrf(), bodyLimit({ maxSize }));
  }
  for (const path of SIGNED_IN_PATHS) app.use(path, requireSession(ports));
  app.route("/", assets());
  app.route("/", signInPages(ports));
  app.route("/", runListPage(ports));
  app.route("/", runPages(ports));
  app.route("/", eventPages(ports));
  app.route("/", stepPages(ports));
  app.route("/", jobListPage(ports));
  app.route("/", jobPages(ports));
  app.route("/", jobVersionPages(ports));
  app.route("/", scheduleListPage(ports));
  app.route("/", schedulePages(ports));
  app.route("/", hookListPage(ports));
  app.route("/", hookPages(ports));
  app.route("/", reportListPage(ports));
  app.route("/", reportPages(ports));
  app.route("/", deliveryPages(ports));
  app.route("/", webhookListPage(ports));
  app.route("/", webhookFormPages(ports));
  app.route("/", webhookPages(ports));
  app.route("/", notificationPages(ports));
  app.route("/", alertListPage(ports));
  return app;
}
