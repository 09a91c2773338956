/** PUT or POST …/volumes/{id}: how long snapshots are kept (docs: Update a volume; the two spec versions differ in the method). */

import type { Operation } from "../app.ts";
import { bodyOf } from "../request.ts";
import { holderOf } from "../volumes/mounts.ts";
import { readVolumeUpdate, volumeToWire } from "../volumes/volume.ts";
import { volumeOf } from "./get-volume.ts";

export const updateVolume: Operation = async (c, parts) => {
  const update = readVolumeUpdate(await bodyOf(c));
  const volume = parts.platform.volumes.change(volumeOf(c, parts), update);
  return c.json(volumeToWire(volume, holderOf(volume.id, volume.app, parts.host.registry)));
};
