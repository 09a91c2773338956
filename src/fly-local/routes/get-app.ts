/** GET /v1/apps/{app}: any name is an app here, from its first use on (docs: Apps resource). */

import type { Operation } from "../app.ts";

export const getApp: Operation = (c, { host }) => {
  const name = c.req.param("app") ?? "";
  return c.json({
    id: name,
    name,
    status: "deployed",
    network: "default",
    machine_count: host.registry.undestroyed(name).length,
    volume_count: 0,
    organization: { name: "local", slug: "local", internal_numeric_id: 1 },
  });
};
