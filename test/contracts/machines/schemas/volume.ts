/** Volume, ExtendVolumeResponse and VolumeSnapshot. */

import { z } from "zod";
import { hostStatus, time } from "./parts.ts";

export const volume = z.strictObject({
  id: z.string().regex(/^vol_[0-9a-z]+$/),
  name: z.string(),
  state: z.string(),
  size_gb: z.int(),
  region: z.string(),
  zone: z.string(),
  encrypted: z.boolean(),
  /** The document says string; the wire has null for a volume that no Machine has (fly-go: a pointer without omitempty). */
  attached_machine_id: z.string().nullable(),
  attached_alloc_id: z.string().nullable(),
  created_at: time,
  blocks: z.int(),
  block_size: z.int(),
  blocks_free: z.int(),
  blocks_avail: z.int(),
  bytes_used: z.int().optional(),
  bytes_total: z.int().optional(),
  fstype: z.string(),
  snapshot_retention: z.int(),
  auto_backup_enabled: z.boolean(),
  host_status: hostStatus.optional(),
  host_dedication_id: z.string().optional(),
  host_dedication_key: z.string().optional(),
});

export const extended = z.strictObject({ volume, needs_restart: z.boolean() });

export const snapshot = z.strictObject({
  id: z.string(),
  status: z.string(),
  size: z.int(),
  digest: z.string(),
  /** The year 1 while it is being taken. */
  created_at: time,
  retention_days: z.int().nullish(),
  volume_size: z.int().optional(),
});

/** The document has no body for it. */
export const snapshotBegun = z.strictObject({
  Msg: z.looseObject({ backup: z.looseObject({ graph_id: z.string() }) }),
});
