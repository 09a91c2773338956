/** GET /oidc/{org}/.well-known/openid-configuration and …/jwks: open to all, as whoever checks a token has none for this API. */

import type { Operation } from "../app.ts";
import { discovery } from "../platform/identity.ts";

export const getDiscovery: Operation = (c) =>
  c.json(discovery(new URL(c.req.url).origin, c.req.param("org") ?? ""));

export const getKeySet: Operation = async (c, { platform }) => c.json(await platform.identity.keySet());
