/** Finds out whether this computer can make sandboxes, by making one: no kernel version or distribution says so. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ImagesChoice } from "../../images/images.ts";
import { failureOf } from "../init/init.ts";
import { makeEmptyFile, type Operation } from "../init/operations.ts";
import { installInit } from "../init/program.ts";
import { type Zygote, zygoteOf } from "../init/zygote.ts";
import { type Disks, disksIn, withDisk } from "./disks.ts";
import { planImageRoot } from "./image-root.ts";
import { makeSandboxBase } from "./sandbox-base.ts";
import {
  type Layer,
  layOver,
  namespaces,
  planRoot,
  rootOf,
  rootOfTopDirectories,
  type Storage,
  wholeRoot,
  workspace,
} from "./sandbox-root.ts";

/** How to make a sandbox here. */
export interface SandboxPlan {
  /** Makes the inits. */
  readonly zygote: Zygote;
  /** Where the root is made; the last of the operations makes it the root. */
  readonly root: string;
  /** With this computer's own files; null where machines have images. */
  readonly operations: readonly Operation[] | null;
  /** With an image's. */
  readonly withImage: (imageRoot: string) => readonly Operation[];
  /** That of which it is known that it works: with this computer's own files or, where machines have images, an empty one's. */
  readonly tried: readonly Operation[];
  /** Where what Machines write is kept; null for memory, where it counts as memory that they use. */
  readonly disks: Disks | null;
  /**
   * Looks anew for what is possible, where what was is no more: below what somebody has mounted since, an ordinary user's overlay is
   * refused (EINVAL).
   */
  readonly again: () => Promise<Probe>;
}

export type Probe = { kind: "able"; plan: SandboxPlan } | { kind: "unable"; reason: string };

/**
 * @param directory for what all sandboxes share: the init and mount points
 * @param hidden directories that machines do not get to see, by their true paths
 * @param images whether machines see this computer's files or an image's
 */
export async function probeSandbox(
  directory: string,
  hidden: readonly string[],
  images: ImagesChoice = "host",
): Promise<Probe> {
  if (process.platform !== "linux")
    return { kind: "unable", reason: `${process.platform} has no namespaces` };
  let zygote: Zygote | null = null;
  try {
    const base = makeSandboxBase(directory);
    zygote = zygoteOf(installInit(base), base);
    const storages = storagesIn(base);
    const probe = await (images === "real"
      ? probeWithImage(zygote, base, storages, directory)
      : probeWithOwnFiles(zygote, base, storages, hidden));
    if (probe.kind === "unable") await zygote.close();
    return probe;
  } catch (error) {
    await zygote?.close();
    return { kind: "unable", reason: (error as Error).message };
  }
}

async function probeWithImage(
  zygote: Zygote,
  base: string,
  storages: readonly (Disks | null)[],
  directory: string,
): Promise<Probe> {
  const again = () => probeWithImage(zygote, base, storages, directory);
  const empty = join(directory, "empty-image");
  mkdirSync(empty, { recursive: true });
  let reason = "";
  for (const disks of storages) {
    const withImage = withImageOn(base, disks);
    const tried = withImage(empty);
    const failure = await failureWith(disks, zygote, tried);
    if (failure === null)
      return {
        kind: "able",
        plan: { zygote, root: rootOf(base), operations: null, withImage, tried, disks, again },
      };
    reason ||= failure;
  }
  return { kind: "unable", reason };
}

async function probeWithOwnFiles(
  zygote: Zygote,
  base: string,
  storages: readonly (Disks | null)[],
  hidden: readonly string[],
): Promise<Probe> {
  const again = () => probeWithOwnFiles(zygote, base, storages, hidden);
  const able = (operations: readonly Operation[], disks: Disks | null): Probe => {
    const withImage = withImageOn(base, disks);
    const root = rootOf(base);
    return { kind: "able", plan: { zygote, root, operations, withImage, tried: operations, disks, again } };
  };
  const shapes = [() => rootOfTopDirectories(base)];
  if (isRoot()) shapes.unshift(wholeRoot);
  let reason = "";
  for (const shape of shapes) {
    const layers = shape();
    for (const disks of storages) {
      const operations = planRoot(base, layers, isRoot(), hidden, storageOf(disks));
      const failure = await failureWith(disks, zygote, operations);
      if (failure === null) return able(operations, disks);
      reason ||= failure;
    }
    const some = await possible(zygote, base, layers);
    const operations = planRoot(base, some, isRoot(), hidden, "memory");
    if ((await failureOf(zygote, operations)) === null) return able(operations, null);
  }
  return { kind: "unable", reason };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Best first. What an ordinary user's overlay leaves on a disk that user can not remove. */
function storagesIn(base: string): (Disks | null)[] {
  return isRoot() ? [disksIn(join(base, "disks")), null] : [null];
}

function withImageOn(base: string, disks: Disks | null): SandboxPlan["withImage"] {
  return (imageRoot) => planImageRoot(base, imageRoot, isRoot(), storageOf(disks));
}

function storageOf(disks: Disks | null): Storage {
  return disks === null ? "memory" : "disk";
}

/** Tries each layer by itself: an overlay, else bound, else left out. What is below something bound is bound with it. */
async function possible(zygote: Zygote, base: string, layers: readonly Layer[]): Promise<Layer[]> {
  const kept: Layer[] = [];
  for (const layer of layers) {
    if (kept.some((other) => other.kind === "bind" && layer.path.startsWith(`${other.path}/`))) continue;
    const kinds = layer.kind === "bind" ? (["bind"] as const) : (["overlay", "bind"] as const);
    for (const kind of kinds) {
      const operations = [
        ...namespaces(isRoot()),
        ...workspace(base, "memory"),
        ...tryOut(base, layer, kind),
      ];
      if ((await failureOf(zygote, operations)) !== null) continue;
      kept.push({ ...layer, kind });
      break;
    }
  }
  return kept;
}

/** Puts a layer where a place for it is easily made: directories over the root, files beside it. */
function tryOut(base: string, layer: Layer, kind: Layer["kind"]): Operation[] {
  if (layer.kind !== "bind") return layOver(base, { ...layer, kind, path: "/" }, 0, "memory");
  return [
    makeEmptyFile(join(base, "mount/file")),
    ...layOver(base, { ...layer, path: "/../file" }, 0, "memory"),
  ];
}

/** Why an init can not do these here with a disk of its own, where there are any; null where it can. */
export async function failureWith(
  disks: Disks | null,
  zygote: Zygote,
  operations: readonly Operation[],
): Promise<string | null> {
  try {
    return await withDisk(disks, (disk) => failureOf(zygote, operations, disk));
  } catch (error) {
    return (error as Error).message;
  }
}
