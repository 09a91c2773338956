/** GET …/versions: every version with its config, newest first (Fly's OpenAPI document, Machines_list_versions). */

import type { Operation } from "../app.ts";
import { machineOf } from "../request.ts";

export const listVersions: Operation = (c, { host }) => {
  const { id, instanceId, config } = machineOf(c, host.registry);
  const past = host.registry.store.pastVersions(id).filter(({ version }) => version !== instanceId);
  const versions = [{ version: instanceId, config }, ...past];
  return c.json(versions.map(({ version, config }) => ({ version, user_config: config })));
};
