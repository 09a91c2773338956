/** PUT …/volumes/{id}/extend: never smaller; a directory needs no restart for it (docs: Extend a volume). */

import type { Operation } from "../app.ts";
import { ApiError } from "../error.ts";
import { bodyOf } from "../request.ts";
import { holderOf } from "../volumes/mounts.ts";
import { readSize, volumeToWire } from "../volumes/volume.ts";
import { volumeOf } from "./get-volume.ts";

export const extendVolume: Operation = async (c, parts) => {
  const sizeGb = readSize((await bodyOf(c)).size_gb);
  const volume = volumeOf(c, parts);
  if (sizeGb < volume.sizeGb)
    throw new ApiError(
      422,
      `size_gb: the volume has ${volume.sizeGb} GB already and can not be made smaller`,
    );
  const extended = parts.platform.volumes.change(volume, { sizeGb });
  const holder = holderOf(volume.id, volume.app, parts.host.registry);
  return c.json({ volume: volumeToWire(extended, holder), needs_restart: false });
};
