/** POST …/volumes: empty, or with what a snapshot or another volume has (docs: Create a volume). */

import type { Operation } from "../app.ts";
import { bodyOf } from "../request.ts";
import { readVolumeRequest, volumeToWire } from "../volumes/volume.ts";

export const createVolume: Operation = async (c, { platform, region }) => {
  const app = c.req.param("app") ?? "";
  const request = readVolumeRequest(await bodyOf(c), region);
  const volume = await platform.volumes.create(app, request);
  platform.apps.use(app);
  return c.json(volumeToWire(volume, null));
};
