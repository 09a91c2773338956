/** POST …/volumes/{id}/snapshots: begun, not through; the envelope is the one that Fly answers with (measured). */

import type { Operation } from "../app.ts";
import { volumeOf } from "./get-volume.ts";

export const createSnapshot: Operation = (c, parts) => {
  const snapshot = parts.platform.volumes.snapshot(volumeOf(c, parts));
  return c.json({ Msg: { backup: { graph_id: snapshot.id, volume_id: snapshot.volumeId } } });
};
