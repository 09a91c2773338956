/** What a container engine knows of an image that it has; nothing is pulled. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type ImageConfig, readConfig } from "./image-config.ts";
import type { Reference } from "./reference.ts";

export interface InspectedImage {
  /** The digest of its config. */
  readonly id: string;
  /** The digest of its manifest; null where it has none, as one that was built here. */
  readonly digest: string | null;
  readonly config: ImageConfig;
}

/** An engine whose daemon hangs has none. */
const ANSWER_MS = 5_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** Engines know the hub under another name than its registry's. */
export function engineName({ name }: Reference): string {
  return name.replace(/^registry-1\.docker\.io\//, "docker.io/");
}

/** @returns null where it has none of this name, or one that says nothing of itself */
export async function inspectImage(program: string, name: string): Promise<InspectedImage | null> {
  try {
    const { stdout } = await promisify(execFile)(program, ["image", "inspect", name], {
      timeout: ANSWER_MS,
      killSignal: "SIGKILL",
      maxBuffer: MAX_BYTES,
    });
    const [image] = JSON.parse(stdout) as (Partial<Inspected> | undefined)[];
    if (typeof image?.Id !== "string") return null;
    const { Id, Os, Architecture, RepoDigests, Config } = image;
    const blob = JSON.stringify({ os: Os, architecture: Architecture, config: Config });
    return {
      id: Id.includes(":") ? Id : `sha256:${Id}`,
      digest: /@(sha256:[a-f0-9]{64})$/.exec(RepoDigests?.[0] ?? "")?.[1] ?? null,
      config: readConfig(blob).config,
    };
  } catch {
    return null;
  }
}

interface Inspected {
  Id: string;
  Os?: string;
  Architecture?: string;
  RepoDigests?: string[] | null;
  Config?: unknown;
}
