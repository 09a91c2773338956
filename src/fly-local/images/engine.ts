/** Images that a container engine of this computer has: docker's or podman's command line is asked, nothing is pulled by it. */

import { execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { promisify } from "node:util";
import type { ImageContent } from "./content.ts";
import { engineName, inspectImage } from "./engine-inspect.ts";
import { ImageError } from "./error.ts";
import { checkPlatform, type Platform } from "./manifest.ts";
import type { Reference } from "./reference.ts";

/** `create` wants a command where the image has none; it is never run. */
export const NO_COMMAND = "/mayfly-never-run";

const call = promisify(execFile);

/** The image, where one of the engines has it for this platform; else null. */
export async function fromEngine(
  reference: Reference,
  platform: Platform,
  engines: readonly string[],
): Promise<ImageContent | null> {
  for (const engine of engines) {
    const found = await inspectImage(engine, engineName(reference));
    if (found === null) continue;
    try {
      checkPlatform(found.config, platform);
    } catch {
      // Another source may have one that fits.
      continue;
    }
    const fetch = async (place: string, signal: AbortSignal) => {
      await exportTo(engine, found.id, place, signal);
      return place;
    };
    return { ...found, layers: [{ diffId: null, bytes: null, fetch }] };
  }
  return null;
}

/** Its whole file system as one tar. */
async function exportTo(engine: string, id: string, path: string, signal: AbortSignal): Promise<void> {
  const { stdout } = await call(engine, ["create", id, NO_COMMAND], { signal }).catch((error: Error) => {
    throw new ImageError(`${engine} makes no container of ${id}: ${error.message.slice(0, 300)}`);
  });
  const container = stdout.trim();
  const file = openSync(path, "w", 0o600);
  try {
    const child = spawn(engine, ["export", container], { stdio: ["ignore", file, "ignore"], signal });
    const code = await new Promise((resolve, reject) => child.on("error", reject).on("exit", resolve));
    if (code !== 0) throw new ImageError(`${engine} export of ${id} ended with ${code}`);
  } finally {
    closeSync(file);
    await call(engine, ["rm", container]).catch(() => {});
  }
}
