/** Puts a directory of files into a container engine as an image. */

import { spawn } from "node:child_process";
import { endOf } from "../processes/child.ts";
import { type Engine, lastLine } from "../processes/container/engine.ts";
import { ImageError } from "./error.ts";

/** Owners are as they are on the disk, but for an ordinary user, who owns everything there: then all is root's. */
const OWNERS =
  process.getuid?.() === 0
    ? ["--numeric-owner"]
    : process.platform === "linux"
      ? ["--owner=0", "--group=0"]
      : ["--uid", "0", "--gid", "0"];

/** @param name what the engine is to know it by @throws ImageError where it does not take it */
export async function importImage(engine: Engine, root: string, name: string): Promise<void> {
  const tar = spawn("tar", ["--create", "--file=-", ...OWNERS, "--directory", root, "."], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const load = spawn(engine.program, ["import", "-", name], { stdio: ["pipe", "ignore", "pipe"] });
  // An engine that has gone says why itself.
  load.stdin.on("error", () => tar.kill());
  tar.stdout.pipe(load.stdin);
  const [packed, loaded] = await Promise.all([ended("tar", tar), ended(engine.program, load)]);
  const failure = loaded ?? packed;
  if (failure !== null) throw new ImageError(`${engine.program} did not take the image: ${failure}`);
}

/** Why it failed, or null. */
async function ended(name: string, child: ReturnType<typeof spawn>): Promise<string | null> {
  let said = "";
  child.stderr?.on("data", (text) => {
    said += text;
  });
  const { code, signal } = await endOf(child, "close");
  if (code === 0 && signal === null) return null;
  return lastLine(said) || `${name} ended with ${signal ?? code}`;
}
