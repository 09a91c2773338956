/** Images that a container engine of this computer has: docker's or podman's command line is asked, nothing is pulled by it. */

import { execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { promisify } from "node:util";
import type { ImageContent } from "./content.ts";
import { ImageError } from "./error.ts";
import { readConfig } from "./image-config.ts";
import { checkPlatform, type Platform } from "./manifest.ts";
import type { Reference } from "./reference.ts";

export const ENGINES = ["docker", "podman"];
/** An engine whose daemon hangs is none. */
const ANSWER_MS = 5_000;
const MAX_BYTES = 4 * 1024 * 1024;
/** `create` wants a command where the image has none; it is never run. */
const NO_COMMAND = "/mayfly-never-run";

const call = promisify(execFile);

/** The image, where one of the engines has it for this platform; else null. */
export async function fromEngine(
  reference: Reference,
  platform: Platform,
  engines: readonly string[],
): Promise<ImageContent | null> {
  for (const engine of engines) {
    const found = await inspected(engine, reference);
    if (found === null) continue;
    try {
      const { config } = readConfig(
        JSON.stringify({ os: found.Os, architecture: found.Architecture, config: found.Config }),
      );
      checkPlatform(config, platform);
      const id = found.Id.includes(":") ? found.Id : `sha256:${found.Id}`;
      const fetch = async (place: string, signal: AbortSignal) => {
        await exportTo(engine, found.Id, place, signal);
        return place;
      };
      return { id, digest: digestOf(found), config, layers: [{ diffId: null, bytes: null, fetch }] };
    } catch {
      // Another source may have one that fits.
    }
  }
  return null;
}

interface Inspected {
  Id: string;
  Os?: string;
  Architecture?: string;
  RepoDigests?: string[] | null;
  Config?: unknown;
}

async function inspected(engine: string, { name }: Reference): Promise<Inspected | null> {
  // Engines know the hub under another name than its registry's.
  const known = name.replace(/^registry-1\.docker\.io\//, "docker.io/");
  try {
    const { stdout } = await call(engine, ["image", "inspect", known], {
      timeout: ANSWER_MS,
      maxBuffer: MAX_BYTES,
    });
    const [image] = JSON.parse(stdout) as (Partial<Inspected> | undefined)[];
    return typeof image?.Id === "string" ? (image as Inspected) : null;
  } catch {
    return null;
  }
}

function digestOf({ RepoDigests }: Inspected): string | null {
  return /@(sha256:[a-f0-9]{64})$/.exec(RepoDigests?.[0] ?? "")?.[1] ?? null;
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
