/** A volume and a snapshot of one: what is asked for, kept and shown (docs: Volumes resource). */

import { invalid } from "../error.ts";
import { SNAPSHOT_RETENTION_MAX_DAYS, VOLUME_MAX_GB } from "../limits.ts";

export interface Volume {
  readonly id: string;
  readonly app: string;
  readonly name: string;
  readonly region: string;
  /** Shown and compared, and no bound: a volume is a directory, which takes what the computer has. */
  readonly sizeGb: number;
  /** As asked for, and shown again: nothing is encrypted here. */
  readonly encrypted: boolean;
  /** Days. */
  readonly snapshotRetention: number;
  /** As asked for, and shown again: no snapshot is taken by itself here. */
  readonly autoBackup: boolean;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface Snapshot {
  readonly id: string;
  readonly app: string;
  readonly volumeId: string;
  /** What the volume had when it was taken: a volume made of it is no smaller. */
  readonly sizeGb: number;
  /** Null while it is being taken. */
  readonly content: { readonly bytes: number; readonly digest: string } | null;
  readonly retentionDays: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface VolumeRequest {
  readonly name: string;
  readonly region: string;
  /** Null: as large as what it is made of, or Fly's default. */
  readonly sizeGb: number | null;
  readonly encrypted: boolean;
  readonly snapshotRetention: number;
  readonly autoBackup: boolean;
  readonly snapshotId: string | null;
  readonly sourceVolumeId: string | null;
}

/** Fly's own default. */
export const SIZE_DEFAULT_GB = 3;
const RETENTION_DEFAULT_DAYS = 5;
/** Fly refuses other names at `fly volumes create`; the bound of 30 is the documented one. */
const NAME = /^[a-z0-9_]{1,30}$/;
const ZERO_TIME = "0001-01-01T00:00:00Z";

export function readVolumeRequest(body: Record<string, unknown>, region: string): VolumeRequest {
  const { name } = body;
  if (typeof name !== "string" || !NAME.test(name))
    throw invalid("name: up to 30 lowercase letters, digits and underscores are expected");
  return {
    name,
    // A list is an order of preference; one computer is wherever it is asked to be.
    region: text(body, "region")?.split(",")[0]?.trim() || region,
    sizeGb: body.size_gb === undefined || body.size_gb === null ? null : readSize(body.size_gb),
    encrypted: readFlag(body, "encrypted") ?? true,
    snapshotRetention: readRetention(body) ?? RETENTION_DEFAULT_DAYS,
    autoBackup: readFlag(body, "auto_backup_enabled") ?? true,
    snapshotId: text(body, "snapshot_id"),
    sourceVolumeId: text(body, "source_volume_id"),
  };
}

/** What an update may change. */
export function readVolumeUpdate(body: Record<string, unknown>): Partial<Volume> {
  const retention = readRetention(body);
  const autoBackup = readFlag(body, "auto_backup_enabled");
  return {
    ...(retention !== null && { snapshotRetention: retention }),
    ...(autoBackup !== null && { autoBackup }),
  };
}

export function readSize(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > VOLUME_MAX_GB)
    throw invalid(`size_gb: a whole number from 1 to ${VOLUME_MAX_GB} is expected`);
  return value;
}

function readRetention(body: Record<string, unknown>): number | null {
  const value = body.snapshot_retention;
  if (value === undefined || value === null) return null;
  if (
    typeof value !== "number" ||
    !Number.isInteger(value) ||
    value < 1 ||
    value > SNAPSHOT_RETENTION_MAX_DAYS
  )
    throw invalid(
      `snapshot_retention: a whole number of days from 1 to ${SNAPSHOT_RETENTION_MAX_DAYS} is expected`,
    );
  return value;
}

function readFlag(body: Record<string, unknown>, key: string): boolean | null {
  const value = body[key];
  if (value === undefined || value === null) return null;
  if (typeof value !== "boolean") throw invalid(`${key}: true or false is expected`);
  return value;
}

function text(body: Record<string, unknown>, key: string): string | null {
  const value = body[key];
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string") throw invalid(`${key}: a string is expected`);
  return value;
}

/** A volume of an answer. @param holder the Machine that has it mounted */
export function volumeToWire(volume: Volume, holder: string | null, state = "created") {
  return {
    id: volume.id,
    name: volume.name,
    state,
    size_gb: volume.sizeGb,
    region: volume.region,
    zone: "local",
    encrypted: volume.encrypted,
    attached_machine_id: holder,
    attached_alloc_id: null,
    created_at: new Date(volume.createdAt).toISOString(),
    ...UNMEASURED,
    fstype: "directory",
    snapshot_retention: volume.snapshotRetention,
    auto_backup_enabled: volume.autoBackup,
    host_status: "ok",
    host_dedication_key: "",
  };
}

/** Of the file system in it. Fly answers 0 for a volume that no Machine has (observed); a directory has none of its own at all. */
const UNMEASURED = {
  blocks: 0,
  block_size: 0,
  blocks_free: 0,
  blocks_avail: 0,
  bytes_used: 0,
  bytes_total: 0,
};

/** Until it is through, a snapshot has no time and no size (measured). */
export function snapshotToWire(snapshot: Snapshot) {
  const { content } = snapshot;
  return {
    id: snapshot.id,
    status: content === null ? "running" : "created",
    size: content?.bytes ?? 0,
    digest: content?.digest ?? "",
    created_at: content === null ? ZERO_TIME : new Date(snapshot.createdAt).toISOString(),
    retention_days: snapshot.retentionDays,
  };
}
