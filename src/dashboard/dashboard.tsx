/** The pages, as an app of their own, and what is said of any other path. */

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { csrf } from "hono/csrf";
import { PAGE_FORM_MAX_BYTES, PAGE_INPUT_FORM_MAX_BYTES } from "../core/limits.ts";
import { alertListPage } from "./alert-list.tsx";
import { assets } from "./assets.ts";
import { eventPages } from "./event-page.tsx";
import { noStore, pageHeaders } from "./headers.ts";
import { jobListPage } from "./job-list.tsx";
import { jobPages } from "./job-page.tsx";
import { jobVersionPages } from "./job-versions.tsx";
import type { DashboardPorts } from "./ports.ts";
import { problemHandler } from "./problem.tsx";
import { runListPage } from "./run-list.tsx";
import { runPages } from "./run-page.tsx";
import { scheduleListPage } from "./schedule-list.tsx";
import { schedulePages } from "./schedule-page.tsx";
import { requireSession } from "./session.ts";
import { signInPages } from "./sign-in.tsx";
import { stepPages } from "./step-page.tsx";
import { unknownPath } from "./unknown-path.tsx";

export type { DashboardPorts, RunQuery, StoredOutput } from "./ports.ts";

/** Paths that are pages. Named one by one: mounted at "/", this app must not touch what belongs to the API. */
const SIGNED_IN_PATHS = ["/", "/runs/*", "/jobs/*", "/schedules/*", "/alerts"];
const PATHS = [...SIGNED_IN_PATHS, "/sign-in", "/sign-in/*", "/sign-out", "/assets/*"];

export function createDashboard(ports: DashboardPorts): Hono {
  const app = new Hono();
  app.onError(problemHandler(() => ports.now()));
  app.notFound(unknownPath(ports));
  for (const path of PATHS) {
    const maxSize = path === "/jobs/*" ? PAGE_INPUT_FORM_MAX_BYTES : PAGE_FORM_MAX_BYTES;
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
  app.route("/", alertListPage(ports));
  return app;
}
