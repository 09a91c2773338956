/** Finds out whether this computer can make sandboxes, by making one: no kernel version or distribution says so. */

import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImagesChoice } from "../images/images.ts";
import { type Disks, disksIn } from "./disks.ts";
import { planImageRoot } from "./image-root.ts";
import { failureOf } from "./init/init.ts";
import { makeEmptyFile, type Operation } from "./init/operations.ts";
import { installInit } from "./init/program.ts";
import {
  type Layer,
  layOver,
  namespaces,
  PLAIN_PATH,
  planRoot,
  rootOf,
  rootOfTopDirectories,
  type Storage,
  wholeRoot,
  workspace,
} from "./sandbox-root.ts";

/** How to make a sandbox here. */
export interface SandboxPlan {
  /** The init's path. */
  readonly program: string;
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
}

export type Probe = { kind: "able"; plan: SandboxPlan } | { kind: "unable"; reason: string };

/**
 * @param directory for what all sandboxes share: the init and mount points
 * @param hidden directories that machines do not get to see
 * @param images whether machines see this computer's files or an image's
 */
export async function probeSandbox(
  directory: string,
  hidden: readonly string[],
  images: ImagesChoice = "host",
): Promise<Probe> {
  if (process.platform !== "linux")
    return { kind: "unable", reason: `${process.platform} has no namespaces` };
  const base = PLAIN_PATH.test(directory) ? directory : mkdtempSync(join(tmpdir(), "mayfly-sandbox-"));
  mkdirSync(base, { recursive: true });
  const isRoot = process.getuid?.() === 0;
  try {
    const program = installInit(base);
    const root = rootOf(base);
    const withImage = (disks: Disks | null) => (imageRoot: string) =>
      planImageRoot(base, imageRoot, isRoot, storageOf(disks));
    const able = (operations: readonly Operation[], disks: Disks | null): Probe => ({
      kind: "able",
      plan: { program, root, operations, withImage: withImage(disks), tried: operations, disks },
    });
    // What an ordinary user's overlay leaves on a disk that user can not remove.
    const disks = isRoot ? disksIn(join(base, "disks")) : null;
    const storages = disks === null ? [null] : [disks, null];
    let reason = "";
    if (images === "real") {
      const empty = join(directory, "empty-image");
      mkdirSync(empty, { recursive: true });
      for (const each of storages) {
        const tried = withImage(each)(empty);
        const failure = await failureWith(each, program, tried);
        if (failure === null)
          return {
            kind: "able",
            plan: { program, root, operations: null, withImage: withImage(each), tried, disks: each },
          };
        reason ||= failure;
      }
      return { kind: "unable", reason };
    }
    const shapes = [() => rootOfTopDirectories(base)];
    if (isRoot) shapes.unshift(wholeRoot);
    for (const shape of shapes) {
      const layers = shape();
      for (const each of storages) {
        const operations = planRoot(base, layers, isRoot, hidden, storageOf(each));
        const failure = await failureWith(each, program, operations);
        if (failure === null) return able(operations, each);
        reason ||= failure;
      }
      const some = await possible(program, base, layers, isRoot);
      const operations = planRoot(base, some, isRoot, hidden, "memory");
      if ((await failureOf(program, operations)) === null) return able(operations, null);
    }
    return { kind: "unable", reason };
  } catch (error) {
    return { kind: "unable", reason: (error as Error).message };
  }
}

function storageOf(disks: Disks | null): Storage {
  return disks === null ? "memory" : "disk";
}

/** Tries each layer by itself: an overlay, else bound, else left out. What is below something bound is bound with it. */
async function possible(
  program: string,
  base: string,
  layers: readonly Layer[],
  isRoot: boolean,
): Promise<Layer[]> {
  const kept: Layer[] = [];
  for (const layer of layers) {
    if (kept.some((other) => other.kind === "bind" && layer.path.startsWith(`${other.path}/`))) continue;
    const kinds = layer.kind === "bind" ? (["bind"] as const) : (["overlay", "bind"] as const);
    for (const kind of kinds) {
      const operations = [...namespaces(isRoot), ...workspace(base, "memory"), ...tryOut(base, layer, kind)];
      if ((await failureOf(program, operations)) !== null) continue;
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

/** With a disk of their own, where there are any. */
async function failureWith(
  disks: Disks | null,
  program: string,
  operations: readonly Operation[],
): Promise<string | null> {
  const disk = disks?.make();
  const failure = await failureOf(program, operations, disk);
  if (disk !== undefined) disks?.remove(disk);
  return failure;
}
