/** DELETE …/volumes/{id}: refused while a Machine has it (docs: Destroy a volume; the text is measured). */

import type { Operation } from "../app.ts";
import { precondition } from "../error.ts";
import { holderOf } from "../volumes/mounts.ts";
import { volumeToWire } from "../volumes/volume.ts";
import { volumeOf } from "./get-volume.ts";

export const deleteVolume: Operation = (c, parts) => {
  const volume = volumeOf(c, parts);
  const holder = holderOf(volume.id, volume.app, parts.host.registry);
  if (holder !== null) throw precondition(`volume is currently bound to machine: ${holder}`);
  parts.platform.volumes.delete(volume);
  return c.json(volumeToWire(volume, null, "pending_destroy"));
};
