/** GET …/volumes/{id} (docs: Get a volume). */

import type { ApiParts, Operation } from "../app.ts";
import type { Call } from "../request.ts";
import { holderOf } from "../volumes/mounts.ts";
import { type Volume, volumeToWire } from "../volumes/volume.ts";

export const getVolume: Operation = (c, parts) => {
  const volume = volumeOf(c, parts);
  return c.json(volumeToWire(volume, holderOf(volume.id, volume.app, parts.host.registry)));
};

export function volumeOf(c: Call, { platform }: ApiParts): Volume {
  return platform.volumes.get(c.req.param("app") ?? "", c.req.param("volume") ?? "");
}
