/** Finds out whether this computer can make sandboxes, by making one: no kernel version or distribution says so. */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endOf } from "./child.ts";
import { makeHolder } from "./sandbox-holder.ts";
import {
  type Layer,
  PLAIN_PATH,
  planRoot,
  type RootPlan,
  rootOfTopDirectories,
  wholeRoot,
} from "./sandbox-root.ts";

export type Probe = { kind: "able"; plan: RootPlan } | { kind: "unable"; reason: string };

/** @param directory for what all sandboxes share: the fstab, mount points, a skeleton of /dev */
export async function probeSandbox(directory: string): Promise<Probe> {
  if (process.platform !== "linux")
    return { kind: "unable", reason: `${process.platform} has no namespaces` };
  const base = PLAIN_PATH.test(directory) ? directory : mkdtempSync(join(tmpdir(), "mayfly-sandbox-"));
  mkdirSync(base, { recursive: true });
  const isRoot = process.getuid?.() === 0;
  const shapes = [() => rootOfTopDirectories(base)];
  if (isRoot) shapes.unshift(wholeRoot);
  let reason = "";
  for (const shape of shapes) {
    const layers = shape();
    for (const attempt of [layers, layers.map(boundUnlessRoot)]) {
      const plan = planRoot(base, attempt, !isRoot);
      const failure = await failureOf(plan);
      if (failure === null) return { kind: "able", plan };
      reason ||= failure;
    }
  }
  return { kind: "unable", reason };
}

/** Where overlays of the directories are not possible they are shown read-only; the root itself needs one. */
function boundUnlessRoot(layer: Layer): Layer {
  return layer.path === "/" ? layer : { ...layer, kind: "bind" };
}

async function failureOf(plan: RootPlan): Promise<string | null> {
  try {
    const holder = await makeHolder(plan);
    const [nsenter = "", ...entrance] = holder.entrance;
    const exit = await endOf(
      spawn(nsenter, [...entrance, "/bin/sh", "-c", ":"], { stdio: "ignore" }),
      "exit",
    );
    holder.kill();
    await holder.gone;
    return exit.code === 0 && exit.signal === null ? null : "nsenter cannot enter a sandbox";
  } catch (error) {
    return (error as Error).message;
  }
}
