/** POST …/secrets/{name} `{value}`: 201 with the new version (spec, Secret_create). */

import type { Operation } from "../app.ts";
import { checkSecret, existing, secretToWire } from "../platform/secrets.ts";
import { bodyOf } from "../request.ts";

export const setSecret: Operation = async (c, { platform: { apps, secrets } }) => {
  const name = c.req.param("name") ?? "";
  const { value } = await bodyOf(c);
  checkSecret(name, value);
  const app = c.req.param("app") ?? "";
  apps.use(app);
  const version = secrets.set(app, new Map([[name, value]]));
  return c.json({ ...secretToWire(app, existing(secrets.get(app, name), name), false), version }, 201);
};
