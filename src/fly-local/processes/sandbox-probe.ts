/** Finds out whether this computer can make sandboxes, by making one: no kernel version or distribution says so. */

import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImagesChoice } from "../images/images.ts";
import { planImageRoot } from "./image-root.ts";
import { makeInit } from "./init/init.ts";
import { makeEmptyFile, type Operation } from "./init/operations.ts";
import { installInit } from "./init/program.ts";
import {
  type Layer,
  layOver,
  namespaces,
  PLAIN_PATH,
  planRoot,
  rootOfTopDirectories,
  wholeRoot,
  workspace,
} from "./sandbox-root.ts";

/** How to make a sandbox here. */
export interface SandboxPlan {
  /** The init's path. */
  readonly program: string;
  /** With this computer's own files; null where machines have images. */
  readonly operations: readonly Operation[] | null;
  /** With an image's. */
  readonly withImage: (root: string) => readonly Operation[];
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
  const withImage = (root: string) => planImageRoot(base, root, isRoot);
  try {
    const program = installInit(base);
    if (images === "real") {
      const empty = join(directory, "empty-image");
      mkdirSync(empty, { recursive: true });
      const failure = await failureOf(program, withImage(empty));
      return failure === null
        ? { kind: "able", plan: { program, operations: null, withImage } }
        : { kind: "unable", reason: failure };
    }
    const shapes = [() => rootOfTopDirectories(base)];
    if (isRoot) shapes.unshift(wholeRoot);
    let reason = "";
    for (const shape of shapes) {
      const layers = shape();
      const operations = planRoot(base, layers, isRoot, hidden);
      const failure = await failureOf(program, operations);
      if (failure === null) return { kind: "able", plan: { program, operations, withImage } };
      reason ||= failure;
      const second = planRoot(base, await possible(program, base, layers, isRoot), isRoot, hidden);
      if ((await failureOf(program, second)) === null)
        return { kind: "able", plan: { program, operations: second, withImage } };
    }
    return { kind: "unable", reason };
  } catch (error) {
    return { kind: "unable", reason: (error as Error).message };
  }
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
      const operations = [...namespaces(isRoot), ...workspace(base), ...tryOut(base, layer, kind)];
      if ((await failureOf(program, operations)) !== null) continue;
      kept.push({ ...layer, kind });
      break;
    }
  }
  return kept;
}

/** Puts a layer where a place for it is easily made: directories over the root, files beside it. */
function tryOut(base: string, layer: Layer, kind: Layer["kind"]): Operation[] {
  if (layer.kind !== "bind") return layOver(base, { ...layer, kind, path: "/" }, 0);
  return [makeEmptyFile(join(base, "mount/file")), ...layOver(base, { ...layer, path: "/../file" }, 0)];
}

async function failureOf(program: string, operations: readonly Operation[]): Promise<string | null> {
  try {
    const init = await makeInit(program, operations);
    init.kill();
    await init.gone;
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
