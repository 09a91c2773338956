/** GET …/versions: every version with its config, newest first (Fly's OpenAPI document, Machines_list_versions). */

import type { Operation } from "../app.ts";
import { machineOf } from "../request.ts";

export const listVersions: Operation = (c, { host }) => {
  const { id, instanceId, config } = machineOf(c, host.registry);
  const versions = [{ version: instanceId, config }, ...host.registry.store.pastVersions(id)];
  return c.json(versions.map(({ version, config }) => ({ version, user_config: config })));
};
