/** GET /v1/apps/{app} (docs: Get app details). */

import type { ApiParts, Operation } from "../app.ts";
import { appToWire } from "../platform/apps.ts";

export const getApp: Operation = (c, parts) => {
  const name = c.req.param("app") ?? "";
  return c.json(appToWire(parts.platform.apps.get(name), countsOf(name, parts)));
};

export function countsOf(name: string, { host, platform }: ApiParts) {
  return {
    machines: host.registry.undestroyed(name).length,
    volumes: platform.volumes.list(name).length,
  };
}
