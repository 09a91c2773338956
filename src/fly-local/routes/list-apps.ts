/** GET /v1/apps?org_slug=…: the apps of an organization (docs: List Apps in an organization). */

import type { Operation } from "../app.ts";
import { invalid } from "../error.ts";
import { appToWire } from "../platform/apps.ts";
import { countsOf } from "./get-app.ts";

export const listApps: Operation = (c, parts) => {
  const organization = c.req.query("org_slug");
  if (!organization) throw invalid("org_slug: the organization whose apps are listed is expected");
  const apps = parts.platform.apps.list(organization).map((app) => appToWire(app, countsOf(app.name, parts)));
  return c.json({ total_apps: apps.length, apps });
};
