/** GET …/secrets/{name} (spec, Secret_get). */

import type { Operation } from "../app.ts";
import { existing, secretToWire } from "../platform/secrets.ts";
import { flag } from "../request.ts";

export const getSecret: Operation = (c, { platform: { secrets } }) => {
  const app = c.req.param("app") ?? "";
  const name = c.req.param("name") ?? "";
  return c.json(secretToWire(app, existing(secrets.get(app, name), name), flag(c, "show_secrets")));
};
