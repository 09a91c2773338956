/** Images in files: an OCI layout (a directory, or a tar of one) and what `docker save` and `podman save` write. */

import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ImageContent, LayerSource } from "./content.ts";
import { checkDigest, DigestCheck, digestOf, partsOf } from "./digest.ts";
import { asImageError, ImageError } from "./error.ts";
import { readConfig } from "./image-config.ts";
import { applyLayer } from "./layer.ts";
import { LAYERS_MAX, MANIFEST_MAX_BYTES } from "./limits.ts";
import { checkPlatform, chosen, type Descriptor, type Platform, readManifest } from "./manifest.ts";
import { fileIn } from "./root.ts";
import type { Allowance } from "./unpack.ts";

/** An image and what its file calls it. */
export interface FoundImage {
  readonly content: ImageContent;
  readonly names: readonly string[];
}

/**
 * All images of a path.
 * @param partial an empty directory, which is kept until the images are taken over
 * @throws ImageError where there are none
 */
export async function fromFiles(
  path: string,
  partial: string,
  platform: Platform,
  allowance: Allowance,
  signal: AbortSignal,
): Promise<FoundImage[]> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new ImageError(`there is nothing at ${path}`);
  const directory = found.isDirectory() ? path : partial;
  if (!found.isDirectory())
    await applyLayer({ path, name: path, diffId: null }, partial, allowance, signal, false);
  const files = new Files(directory, found.isDirectory());
  if (files.has("index.json")) return fromLayout(files, platform);
  if (files.has("manifest.json")) return fromDockerArchive(files, platform);
  throw new ImageError(
    `${path} is neither an OCI layout nor a docker archive: it has no index.json and no manifest.json`,
  );
}

/** The files of an image, small ones as text. */
class Files {
  readonly #directory: string;
  readonly #isGiven: boolean;

  /** @param isGiven by the user, whose links are followed; else unpacked from an archive, in which they stay */
  constructor(directory: string, isGiven: boolean) {
    this.#directory = directory;
    this.#isGiven = isGiven;
  }

  has(name: string): boolean {
    return this.#path(name) !== null;
  }

  /** @throws ImageError where there is no such file */
  path(name: string): string {
    const path = this.#path(name);
    if (path === null) throw new ImageError(`there is no file "${name}" in it`);
    return path;
  }

  text(name: string): string {
    const path = this.path(name);
    if (statSync(path).size > MANIFEST_MAX_BYTES)
      throw new ImageError(`"${name}" is larger than ${MANIFEST_MAX_BYTES} bytes`);
    return readFileSync(path, "utf8");
  }

  #path(name: string): string | null {
    if (!this.#isGiven) return fileIn(this.#directory, name);
    const path = join(this.#directory, join("/", name));
    return existsSync(path) ? path : null;
  }
}

const FULL_NAME = "io.containerd.image.name";
const REF_NAME = "org.opencontainers.image.ref.name";

function fromLayout(files: Files, platform: Platform): FoundImage[] {
  const top = readManifest(files.text("index.json"));
  if (top.kind === "image") throw new ImageError("its index.json is no index");
  const images = top.manifests.filter((each) => each.platform?.os !== "unknown");
  const named = new Map<string, { manifests: Descriptor[]; name: string | null }>();
  for (const each of images) {
    const name = nameOf(each);
    // Those without a name are one image for several platforms, where they tell a platform.
    const key = name ?? (each.platform ? "" : each.digest);
    const group = named.get(key) ?? { manifests: [], name };
    group.manifests.push(each);
    named.set(key, group);
  }
  if (named.size === 0) throw new ImageError("its index.json lists no image");
  return [...named.values()].map(({ manifests, name }) => {
    const one = manifests.length === 1 ? (manifests[0] as Descriptor) : chosen(manifests, platform);
    return { content: imageOf(files, one, platform), names: name === null ? [] : [name] };
  });
}

/** A plain tag, which tools like to write as well, names no image. */
function nameOf({ annotations }: Descriptor): string | null {
  const name = annotations?.[FULL_NAME] ?? annotations?.[REF_NAME] ?? null;
  return name !== null && /[/:]/.test(name) ? name : null;
}

function imageOf(files: Files, top: Descriptor, platform: Platform): ImageContent {
  const read = ({ digest }: Descriptor, what: string) => {
    const text = files.text(blobName(digest));
    checkDigest(Buffer.from(text), digest, what);
    return text;
  };
  let manifest = readManifest(read(top, "the manifest"));
  if (manifest.kind === "index")
    manifest = readManifest(read(chosen(manifest.manifests, platform), "the manifest"));
  if (manifest.kind === "index") throw new ImageError("the image's index leads to another index");
  const { config, diffIds } = readConfig(read(manifest.config, "the config"));
  checkPlatform(config, platform);
  const layers = manifest.layers.map((layer, index): LayerSource => {
    const path = files.path(blobName(layer.digest));
    return { ...fileLayer(path, diffIds[index] ?? null, layer.digest), bytes: layer.size };
  });
  return { id: manifest.config.digest, digest: top.digest, config, layers };
}

const dockerManifest = z.array(
  z.looseObject({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()).max(LAYERS_MAX),
  }),
);

/** docker's own form (moby, image/tarexport): paths, and no digest but those of the layers' tars in the config. */
function fromDockerArchive(files: Files, platform: Platform): FoundImage[] {
  let listed: z.infer<typeof dockerManifest>;
  try {
    listed = dockerManifest.parse(JSON.parse(files.text("manifest.json")));
  } catch (error) {
    throw asImageError(error, "its manifest.json");
  }
  return listed.map(({ Config, RepoTags, Layers }) => {
    const text = files.text(Config);
    const { config, diffIds } = readConfig(text);
    checkPlatform(config, platform);
    if (diffIds.length !== Layers.length)
      throw new ImageError(
        `"${Config}" tells of ${diffIds.length} layers, manifest.json of ${Layers.length}`,
      );
    const layers = Layers.map((name, index) => fileLayer(files.path(name), diffIds[index] ?? null, null));
    return {
      content: { id: digestOf(Buffer.from(text)), digest: null, config, layers },
      names: RepoTags ?? [],
    };
  });
}

function fileLayer(path: string, diffId: string | null, digest: string | null): LayerSource {
  return {
    diffId,
    bytes: statSync(path).size,
    fetch: async (_place, signal, onBytes) => {
      const check = digest === null ? null : new DigestCheck(digest, `the blob ${digest.slice(0, 19)}`);
      if (check === null) onBytes(statSync(path).size);
      else
        for await (const chunk of createReadStream(path, {
          signal,
          highWaterMark: 1 << 20,
        }) as AsyncIterable<Buffer>) {
          check.update(chunk);
          onBytes(chunk.length);
        }
      check?.end();
      return path;
    },
  };
}

function blobName(digest: string): string {
  const { algorithm, hex } = partsOf(digest);
  return `blobs/${algorithm}/${hex}`;
}
