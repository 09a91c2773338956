/** Finds out whether this computer can make sandboxes, by making one: no kernel version or distribution says so. */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collected, endOf } from "./child.ts";
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

/**
 * @param directory for what all sandboxes share: the fstab, mount points, a skeleton of /dev
 * @param state the server's state, which machines do not get to see
 */
export async function probeSandbox(directory: string, state: string): Promise<Probe> {
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
    const plan = planRoot(base, layers, !isRoot, state);
    const failure = await failureOf(plan);
    if (failure === null) return { kind: "able", plan };
    reason ||= failure;
    const second = planRoot(base, await possible(layers, plan), !isRoot, state);
    if ((await failureOf(second)) === null) return { kind: "able", plan: second };
  }
  return { kind: "unable", reason };
}

/** Tries each layer by itself: an overlay, else bound, else left out. What is below something bound is bound with it. */
async function possible(layers: readonly Layer[], plan: RootPlan): Promise<Layer[]> {
  const kinds = await survey(layers, plan);
  const kept: Layer[] = [];
  for (const [index, layer] of layers.entries()) {
    const kind = kinds[index];
    const isShown = kept.some((other) => other.kind === "bind" && layer.path.startsWith(`${other.path}/`));
    if ((kind === "overlay" || kind === "bind") && !isShown) kept.push({ ...layer, kind });
  }
  return kept;
}

async function survey(layers: readonly Layer[], plan: RootPlan): Promise<string[]> {
  const bind = plan.userns ? "rbind,ro" : "bind,ro";
  const script = `
cd ${plan.base}/mount && mount -n -t tmpfs tmpfs . && cd . || exit 1
for lower in ${layers.map((layer) => layer.lower).join(" ")}; do
  rm -f file; mkdir -p root upper work
  o=lowerdir=$lower,upperdir=${plan.base}/mount/upper,workdir=${plan.base}/mount/work
  at=${plan.base}/mount/root; [ -d "$lower" ] || { : >file; at=${plan.base}/mount/file; }
  if mount -n -t overlay overlay -o "$o" "$at"; then echo overlay; umount -l "$at"
  elif mount -n -o ${bind} "$lower" "$at"; then echo bind; umount -l "$at"
  else echo none; umount -l "$at"; fi
done`;
  const argv = [
    "--mount",
    ...(plan.userns ? ["--user", "--map-root-user"] : []),
    "--",
    "/bin/sh",
    "-c",
    script,
  ];
  const child = spawn("unshare", argv, { stdio: ["ignore", "pipe", "ignore"] });
  return (await collected(child, () => child.kill("SIGKILL")).result).stdout.split("\n");
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
