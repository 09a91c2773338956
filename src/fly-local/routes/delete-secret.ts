/** DELETE …/secrets/{name}: Machines that run keep it until their next start (spec, Secret_delete). */

import type { Operation } from "../app.ts";
import { existing } from "../platform/secrets.ts";

export const deleteSecret: Operation = (c, { platform: { secrets } }) => {
  const app = c.req.param("app") ?? "";
  const name = c.req.param("name") ?? "";
  existing(secrets.get(app, name), name);
  return c.json({ version: secrets.set(app, new Map([[name, null]])) });
};
