/** GET /api/v1/organizations and …/{slug}: the one of this computer, whichever is asked for (flyctl internal/uiex/). */

import type { Operation } from "../app.ts";
import { organizationToWire } from "../flyctl/organization.ts";
import { ORGANIZATION } from "../platform/apps.ts";

export const getOrganization: Operation = (c) =>
  c.json({ organization: organizationToWire(c.req.param("org") ?? ORGANIZATION) });

export const listOrganizations: Operation = (c) =>
  c.json({ organizations: [organizationToWire(ORGANIZATION)] });
