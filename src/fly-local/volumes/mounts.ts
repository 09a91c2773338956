/** `config.mounts`: which volume a Machine has where (docs: Machine config, mounts; Fly takes one for each Machine). */

import { posix } from "node:path";
import { z } from "zod";
import type { WireConfig } from "../../fly/wire.ts";
import { ApiError, invalid, precondition } from "../error.ts";
import type { Registry } from "../machines/registry.ts";
import type { Level, Mount } from "../processes/level.ts";
import type { Volumes } from "./volumes.ts";

const wireMount = z.looseObject({
  /** A volume's id. */
  volume: z.string().optional(),
  /** In place of an id: the name of volumes, of which a free one is taken. */
  name: z.string().optional(),
  path: z.string(),
});
type WireMount = z.infer<typeof wireMount>;

const MOUNTS_MAX = 1;

/** Throws where the level can not mount a volume at one of the config's paths. */
export function refuseMounts(config: WireConfig, level: Level): void {
  for (const { path } of readMounts(config)) {
    const refusal = level.mountRefusal(path);
    if (refusal !== null) throw new ApiError(400, refusal);
  }
}

/**
 * The mounts of a Machine that is about to be made, each with the id of its volume.
 * @throws ApiError 400 where they can not be, 412 where another Machine has the volume
 */
export function claimedMounts(
  config: WireConfig,
  app: string,
  region: string,
  volumes: Volumes,
  registry: Registry,
): WireMount[] {
  return readMounts(config).map((mount) => {
    const { id, name } = claimed(mount, app, region, volumes, registry);
    return { ...mount, volume: id, name };
  });
}

function claimed(mount: WireMount, app: string, region: string, volumes: Volumes, registry: Registry) {
  const all = volumes.list(app);
  if (mount.volume) {
    const volume = all.find((each) => each.id === mount.volume);
    if (volume === undefined) throw invalid(`config.mounts: app "${app}" has no volume "${mount.volume}"`);
    const holder = holderOf(volume.id, app, registry);
    if (holder !== null) throw precondition(`volume already claimed by machine ${holder}`);
    return volume;
  }
  if (!mount.name) throw invalid("config.mounts: volume or name is expected");
  const free = all.find(
    (each) => each.name === mount.name && each.region === region && holderOf(each.id, app, registry) === null,
  );
  if (free === undefined)
    throw precondition(`insufficient resources: no free volume named "${mount.name}" in region ${region}`);
  return free;
}

/** The Machine that has a volume, until it is destroyed. */
export function holderOf(volumeId: string, app: string, registry: Registry): string | null {
  const holder = registry
    .undestroyed(app)
    .find((machine) => readMounts(machine.config).some((mount) => mount.volume === volumeId));
  return holder?.id ?? null;
}

/**
 * The mounts of a Machine after an update: it keeps the volume that it was made with, perhaps at another path.
 * @throws ApiError 400 where another volume is asked for
 */
export function keptMounts(asked: WireConfig, old: WireConfig): WireMount[] {
  const [mount] = readMounts(asked);
  const kept = readMounts(old);
  if (mount === undefined) return kept;
  const own = kept.find(({ volume, name }) => (mount.volume ? mount.volume === volume : mount.name === name));
  if (own === undefined)
    throw invalid("config.mounts: an update can not give a machine another volume than it was made with");
  return [{ ...mount, ...own, path: mount.path }];
}

/** What a start mounts. */
export function mountsOf(config: WireConfig, volumes: Volumes): Mount[] {
  return readMounts(config).map(({ volume = "", path }) => ({ source: volumes.pathOf(volume), path }));
}

/** @throws ApiError 400 where this is no list of mounts that Fly takes */
export function readMounts(config: WireConfig): WireMount[] {
  if (config.mounts === undefined || config.mounts === null) return [];
  const parsed = z.array(wireMount).safeParse(config.mounts);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`config.mounts.${issue?.path.join(".")}: ${issue?.message}`);
  }
  if (parsed.data.length > MOUNTS_MAX) throw invalid(`config.mounts: at most ${MOUNTS_MAX} is accepted`);
  for (const { path } of parsed.data)
    if (
      !posix.isAbsolute(path) ||
      posix.normalize(path) !== path ||
      path.endsWith("/") ||
      path.includes("\0")
    )
      throw invalid(`config.mounts: path "${path}" is not the absolute path of a directory other than /`);
  return parsed.data;
}
