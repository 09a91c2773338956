/** Puts a directory of files into a container engine as an image, and takes it out again. */

import { spawn } from "node:child_process";
import { endOf } from "../processes/child.ts";
import { callEngine, type Engine, reasonIn } from "../processes/container/engine.ts";
import { partsOf } from "./digest.ts";
import { ImageError } from "./error.ts";

/** Owners are as they are on the disk, but for an ordinary user, who owns everything there: then all is root's. */
const OWNERS =
  process.getuid?.() === 0
    ? ["--numeric-owner"]
    : process.platform === "linux"
      ? ["--owner=0", "--group=0"]
      : ["--uid", "0", "--gid", "0"];

/**
 * @param name what the engine is to know it by
 * @param labels what it is to be found again by
 * @param timeoutMs how long it may take; default: as long as it takes
 * @throws ImageError where the engine does not take it
 */
export async function importImage(
  engine: Engine,
  root: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  timeoutMs?: number,
): Promise<void> {
  const tar = spawn("tar", ["--create", "--file=-", ...OWNERS, "--directory", root, "."], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const changes = Object.entries(labels).flatMap(([key, value]) => ["--change", `LABEL ${key}=${value}`]);
  const load = spawn(engine.program, ["import", ...changes, "-", name], {
    stdio: ["pipe", "ignore", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  // An engine that has gone says why itself.
  load.stdin.on("error", () => tar.kill());
  tar.stdout.pipe(load.stdin);
  const [packed, loaded] = await Promise.all([ended("tar", tar), ended(engine.program, load)]);
  const failure = loaded ?? packed;
  if (failure !== null) throw new ImageError(`${engine.program} did not take the image: ${failure}`);
}

/** What images of our store are called at an engine. */
export function importedName(id: string): string {
  return `${IMPORTED}:${partsOf(id).hex}`;
}

const IMPORTED = "localhost/mayfly";
/** An image that only tries whether the engine takes one; its server removes it, unless that is killed first. */
export const PROBE = `${IMPORTED}-probe`;

/**
 * Removes what was imported from a store that does not have it any more.
 * @param filter "mayfly.owner=…": whose imports these are
 * @param kept ids of the store's images
 */
export async function removeImported(engine: Engine, filter: string, kept: readonly string[]): Promise<void> {
  const format = "{{.Repository}}:{{.Tag}}";
  const listed = await callEngine(engine, ["images", "--filter", `label=${filter}`, "--format", format]);
  // By name, too: what somebody built upon one of them has its labels.
  const ours = [IMPORTED, PROBE];
  const names = listed.split("\n").filter((name) => ours.includes(name.replace(/:[^:]*$/, "")));
  const wanted = kept.map(importedName);
  // One that another server's machine runs of stays.
  for (const name of names.filter((each) => !wanted.includes(each)))
    await callEngine(engine, ["image", "rm", name]).catch(() => {});
}

/** Why it failed, or null. */
async function ended(name: string, child: ReturnType<typeof spawn>): Promise<string | null> {
  let said = "";
  child.stderr?.on("data", (text) => {
    said += text;
  });
  const { code, signal } = await endOf(child, "close");
  if (code === 0 && signal === null) return null;
  if (child.killed) return "it did not answer";
  return reasonIn(said) || `${name} ended with ${signal ?? code}`;
}
