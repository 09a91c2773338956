/** App, ListApp, ListAppsResponse and Organization. */

import { z } from "zod";

const organization = z.strictObject({
  name: z.string().optional(),
  slug: z.string(),
  internal_numeric_id: z.int().optional(),
});

/** What fly-go's App has beside the document's: a list has it, too. */
const more = {
  internal_numeric_id: z.int().optional(),
  network_cidr: z.string().optional(),
  volume_count: z.int().optional(),
  cname_target: z.string().optional(),
  app_role: z.string().optional(),
};

export const app = z.strictObject({
  id: z.string(),
  name: z.string(),
  organization,
  status: z.string(),
  network: z.string().optional(),
  machine_count: z.int().optional(),
  ...more,
});

/** The document has no body for a created app. `created_at`: epoch milliseconds. */
export const createdApp = app.partial().extend({ id: z.string(), created_at: z.int().optional() });

const listedApp = z.strictObject({
  id: z.string(),
  name: z.string(),
  machine_count: z.int(),
  /** The document says object; the wire has the network's name. */
  network: z.string(),
  organization: organization.optional(),
  status: z.string().optional(),
  ...more,
});

export const listAppsResponse = z.strictObject({ total_apps: z.int(), apps: z.array(listedApp) });
