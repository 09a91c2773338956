/** POST /v1/apps: 201 with the App and when it was made (docs: Create a Fly App; fly-go expects the App). */

import type { Operation } from "../app.ts";
import { appToWire, readAppRequest } from "../platform/apps.ts";
import { bodyOf } from "../request.ts";
import { countsOf } from "./get-app.ts";

export const createApp: Operation = async (c, parts) => {
  const app = parts.platform.apps.create(readAppRequest(await bodyOf(c)));
  return c.json({ ...appToWire(app, countsOf(app.name, parts)), created_at: app.createdAt }, 201);
};
