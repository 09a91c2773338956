/** GET …/volumes/{id}/snapshots: newest first, one that is being taken included (docs: List volume snapshots). */

import type { Operation } from "../app.ts";
import { snapshotToWire } from "../volumes/volume.ts";

export const listSnapshots: Operation = (c, { platform }) => {
  const snapshots = platform.volumes.snapshots(c.req.param("app") ?? "", c.req.param("volume") ?? "");
  return c.json(snapshots.map(snapshotToWire));
};
