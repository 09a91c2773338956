/** Volumes and their snapshots as directories of this computer, which outlive Machines and the server. */

import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ApiError, invalid, precondition } from "../error.ts";
import type { Records } from "../records.ts";
import { copyDirectory, measureDirectory } from "./copy.ts";
import { SIZE_DEFAULT_GB, type Snapshot, type Volume, type VolumeRequest } from "./volume.ts";

const VOLUME = "volume";
const SNAPSHOT = "snapshot";
const ID_ALPHABET = "0123456789abcdefghjklmnpqrstvwxyz";
/** Of a volume, a snapshot, and what is on the way to be one. */
const OWN_NAME = /^(?:vol|vs)_[0-9a-z]{16}(?:\.part)?$/;
const DAY_MS = 24 * 3_600_000;
/** A program with another user's rights, or a device, that a Machine puts on its volume must not be in reach of other users. */
const OWNER_ONLY = 0o700;

export class Volumes {
  readonly #records: Records;
  readonly #now: () => number;
  readonly #directory: string;
  readonly #volumes = new Map<string, Volume>();
  readonly #snapshots = new Map<string, Snapshot>();
  /** What is still being copied or removed. */
  readonly #running = new Set<Promise<void>>();

  /** Directories are made at first use: most servers have no volumes. */
  constructor(records: Records, now: () => number, directory: string) {
    this.#records = records;
    this.#now = now;
    this.#directory = directory;
    for (const { key, facts } of records.all<Volume>(VOLUME)) this.#volumes.set(key, facts);
    for (const { key, facts } of records.all<Snapshot>(SNAPSHOT)) {
      if (facts.content !== null) this.#snapshots.set(key, facts);
      // The server ended while it was being taken.
      else this.#drop(facts);
    }
    this.#removeOrphans();
  }

  /** What a server left behind that ended while it copied or removed. */
  #removeOrphans(): void {
    if (!existsSync(this.#directory)) return;
    for (const name of readdirSync(this.#directory))
      if (OWN_NAME.test(name) && !this.#volumes.has(name) && !this.#snapshots.has(name))
        this.#remove(join(this.#directory, name));
  }

  list(app: string): Volume[] {
    return [...this.#volumes.values()].filter((volume) => volume.app === app).reverse();
  }

  /** @throws ApiError 404 */
  get(app: string, id: string): Volume {
    const volume = this.#volumes.get(id);
    if (volume?.app !== app) throw new ApiError(404, `not_found: volume ${id} not found`);
    return volume;
  }

  /** Where its files are. */
  pathOf(id: string): string {
    return join(this.#directory, id);
  }

  /** @throws ApiError 422 where it would be smaller than what it is made of */
  async create(app: string, request: VolumeRequest): Promise<Volume> {
    const source = this.#sourceOf(app, request);
    const sizeGb = request.sizeGb ?? source?.sizeGb ?? SIZE_DEFAULT_GB;
    if (source !== null && sizeGb < source.sizeGb)
      throw new ApiError(
        422,
        `size_gb: ${sizeGb} is smaller than the ${source.sizeGb} GB that it is made of`,
      );
    const volume: Volume = {
      id: `vol_${randomId()}`,
      app,
      name: request.name,
      region: request.region,
      sizeGb,
      encrypted: request.encrypted,
      snapshotRetention: request.snapshotRetention,
      autoBackup: request.autoBackup,
      createdAt: this.#now(),
    };
    mkdirSync(this.#directory, { recursive: true, mode: OWNER_ONLY });
    const path = this.pathOf(volume.id);
    if (source === null) mkdirSync(path);
    else await this.#copied(source.path, path);
    this.#keep(volume);
    return volume;
  }

  #sourceOf(app: string, request: VolumeRequest): { path: string; sizeGb: number } | null {
    const { snapshotId, sourceVolumeId } = request;
    if (snapshotId !== null && sourceVolumeId !== null)
      throw invalid("snapshot_id and source_volume_id: only one of them can be given");
    if (sourceVolumeId !== null) {
      const { id, sizeGb } = this.get(app, sourceVolumeId);
      return { path: this.pathOf(id), sizeGb };
    }
    if (snapshotId === null) return null;
    const snapshot = this.#kept().find((each) => each.id === snapshotId && each.app === app);
    if (snapshot === undefined || snapshot.content === null)
      throw new ApiError(404, `not_found: snapshot ${snapshotId} not found`);
    return { path: this.#snapshotPath(snapshot.id), sizeGb: snapshot.sizeGb };
  }

  change(volume: Volume, changes: Partial<Volume>): Volume {
    const changed = { ...volume, ...changes };
    this.#keep(changed);
    return changed;
  }

  /** Its snapshots stay until their time is over. */
  delete(volume: Volume): void {
    this.#forget(volume, Promise.resolve());
  }

  #forget(volume: Volume, unused: Promise<unknown>): void {
    this.#volumes.delete(volume.id);
    this.#records.remove(VOLUME, volume.app, volume.id);
    this.#run(unused.then(() => rm(this.pathOf(volume.id), { recursive: true, force: true })));
  }

  /** Newest first. Those of a volume that is gone are still there. @throws ApiError 404 where there was no such volume */
  snapshots(app: string, volumeId: string): Snapshot[] {
    const found = this.#kept().filter((each) => each.app === app && each.volumeId === volumeId);
    if (found.length === 0) this.get(app, volumeId);
    return found.reverse();
  }

  /**
   * Begins to take one: a copy of the files as they are, also while a Machine writes to them.
   * @throws ApiError 412 while another one of the volume is being taken
   */
  snapshot(volume: Volume): Snapshot {
    const running = this.#kept().find((each) => each.volumeId === volume.id && each.content === null);
    if (running !== undefined)
      throw precondition(`snapshot is already scheduled at ${new Date(running.createdAt).toISOString()}`);
    const snapshot: Snapshot = {
      id: `vs_${randomId()}`,
      app: volume.app,
      volumeId: volume.id,
      sizeGb: volume.sizeGb,
      content: null,
      retentionDays: volume.snapshotRetention,
      createdAt: this.#now(),
    };
    this.#keepSnapshot(snapshot);
    this.#run(this.#take(snapshot));
    return snapshot;
  }

  async #take(snapshot: Snapshot): Promise<void> {
    const path = this.#snapshotPath(snapshot.id);
    try {
      await this.#copied(this.pathOf(snapshot.volumeId), path);
      const content = await measureDirectory(path);
      // Its app may have been deleted meanwhile.
      if (this.#snapshots.has(snapshot.id)) this.#keepSnapshot({ ...snapshot, content });
      else this.#remove(path);
    } catch (error) {
      console.error(`snapshot ${snapshot.id} of ${snapshot.volumeId} failed: ${(error as Error).message}`);
      this.#drop(snapshot);
    }
  }

  /** Whole or not at all. */
  async #copied(from: string, to: string): Promise<void> {
    const partly = `${to}.part`;
    try {
      mkdirSync(this.#directory, { recursive: true, mode: OWNER_ONLY });
      await copyDirectory(from, partly);
      await rename(partly, to);
    } finally {
      await rm(partly, { recursive: true, force: true });
    }
  }

  /** Forgets all that an app has, and removes the files once nobody uses them. */
  deleteAll(app: string, unused: Promise<unknown>): void {
    for (const volume of this.list(app)) this.#forget(volume, unused);
    for (const snapshot of this.#snapshots.values()) if (snapshot.app === app) this.#drop(snapshot);
  }

  /** Settles when nothing is copied or removed any more. */
  async close(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Drops the snapshots whose time is over. */
  #kept(): Snapshot[] {
    const now = this.#now();
    for (const snapshot of this.#snapshots.values())
      if (snapshot.content !== null && now - snapshot.createdAt > snapshot.retentionDays * DAY_MS)
        this.#drop(snapshot);
    return [...this.#snapshots.values()];
  }

  #drop(snapshot: Snapshot): void {
    this.#snapshots.delete(snapshot.id);
    this.#records.remove(SNAPSHOT, snapshot.app, snapshot.id);
    this.#remove(this.#snapshotPath(snapshot.id));
  }

  #keep(volume: Volume): void {
    this.#volumes.set(volume.id, volume);
    this.#records.put(VOLUME, volume.app, volume.id, volume);
  }

  #keepSnapshot(snapshot: Snapshot): void {
    this.#snapshots.set(snapshot.id, snapshot);
    this.#records.put(SNAPSHOT, snapshot.app, snapshot.id, snapshot);
  }

  #snapshotPath(id: string): string {
    return join(this.#directory, id);
  }

  #remove(path: string): void {
    this.#run(rm(path, { recursive: true, force: true }));
  }

  #run(work: Promise<void>): void {
    const running = work
      .catch((error: Error) => console.error(error.message))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}

function randomId(): string {
  return Array.from({ length: 16 }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join("");
}
