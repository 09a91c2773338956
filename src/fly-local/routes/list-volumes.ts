/** GET …/volumes: newest first, a bare array (docs: List volumes). */

import type { Operation } from "../app.ts";
import { holderOf } from "../volumes/mounts.ts";
import { volumeToWire } from "../volumes/volume.ts";

export const listVolumes: Operation = (c, { host, platform }) => {
  const app = c.req.param("app") ?? "";
  const volumes = platform.volumes.list(app);
  return c.json(volumes.map((volume) => volumeToWire(volume, holderOf(volume.id, app, host.registry))));
};
