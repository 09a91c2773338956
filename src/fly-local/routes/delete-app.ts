/**
 * DELETE /v1/apps/{app}: 202; its Machines, volumes, snapshots, secrets and logs go with it. The docs say that `force` stops
 * Machines first; fly-go deletes apps with Machines without it, so that here it changes nothing.
 */

import type { Operation } from "../app.ts";

export const deleteApp: Operation = async (c, { host, platform }) => {
  const name = c.req.param("app") ?? "";
  platform.apps.delete(name);
  platform.secrets.deleteAll(name);
  platform.logs.forget(name);
  const destroyed = host.registry.undestroyed(name).map(async (machine) => {
    await host.destroy(machine, "user");
    // Its last words came only now, and there may be a new app of the name.
    platform.logs.forgetMachine(name, machine.id);
  });
  platform.volumes.deleteAll(name, Promise.all(destroyed));
  return c.body(null, 202);
};
