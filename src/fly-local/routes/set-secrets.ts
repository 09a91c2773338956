/** POST …/secrets `{values}`: all or none; null deletes (spec, Secrets_update). */

import type { Operation } from "../app.ts";
import { invalid } from "../error.ts";
import { checkSecret, secretToWire } from "../platform/secrets.ts";
import { bodyOf } from "../request.ts";

export const setSecrets: Operation = async (c, { platform: { apps, secrets } }) => {
  const { values } = await bodyOf(c);
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw invalid("values: an object of names and values is expected");
  const given = new Map(Object.entries(values as Record<string, unknown>));
  for (const [name, value] of given) if (value !== null) checkSecret(name, value);
  const app = c.req.param("app") ?? "";
  apps.use(app);
  const version = secrets.set(app, given as Map<string, string | null>);
  return c.json({ secrets: secrets.list(app).map((secret) => secretToWire(app, secret, false)), version });
};
