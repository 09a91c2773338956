/** GET …/secrets: names and digests, values only with `show_secrets` (spec, Secrets_list). */

import type { Operation } from "../app.ts";
import { checkSecretsVersion, secretToWire } from "../platform/secrets.ts";
import { flag } from "../request.ts";

export const listSecrets: Operation = (c, { platform: { secrets } }) => {
  const app = c.req.param("app") ?? "";
  // The spec says `min_version`, fly-go sends `version`.
  checkSecretsVersion(
    Number(c.req.query("min_version") || c.req.query("version") || 0),
    secrets.version(app),
  );
  const isShown = flag(c, "show_secrets");
  return c.json({ secrets: secrets.list(app).map((secret) => secretToWire(app, secret, isShown)) });
};
