/** An image in a registry: found by its manifest, its layers fetched when they are wanted. */

import type { ImageContent, LayerSource } from "./content.ts";
import type { Credentials } from "./credentials.ts";
import { partsOf } from "./digest.ts";
import { ImageError } from "./error.ts";
import { readConfig } from "./image-config.ts";
import { checkPlatform, chosen, type Manifest, type Platform, readManifest } from "./manifest.ts";
import type { Reference } from "./reference.ts";
import { RegistryClient } from "./registry.ts";

/**
 * Reads manifest and config.
 * @throws ImageError where the registry has no such image for the platform, or gives it to nobody like us
 */
export async function fromRegistry(
  reference: Reference,
  platform: Platform,
  credentials: Credentials | null,
  signal: AbortSignal,
): Promise<ImageContent> {
  const client = new RegistryClient(reference.registry, reference.repository, credentials);
  if (reference.digest !== null) partsOf(reference.digest);
  const first = await client.manifest(reference.digest ?? reference.tag, signal);
  let manifest: Manifest = readManifest(first.text);
  if (manifest.kind === "index") {
    const { digest } = chosen(manifest.manifests, platform);
    partsOf(digest);
    manifest = readManifest((await client.manifest(digest, signal)).text);
  }
  if (manifest.kind === "index") throw new ImageError("the image's index leads to another index");
  partsOf(manifest.config.digest);
  const bytes = await client.blob(manifest.config.digest, signal);
  const { config, diffIds } = readConfig(bytes.toString("utf8"));
  checkPlatform(config, platform);
  if (diffIds.length !== manifest.layers.length)
    throw new ImageError(
      `the image's config tells of ${diffIds.length} layers, its manifest of ${manifest.layers.length}`,
    );
  const layers = manifest.layers.map((layer, index): LayerSource => {
    partsOf(layer.digest);
    return {
      diffId: diffIds[index] ?? null,
      bytes: layer.size,
      fetch: async (place, stop, onBytes) => {
        await client.download(layer, place, stop, onBytes);
        return place;
      },
    };
  });
  return { id: manifest.config.digest, digest: first.digest, config, layers };
}
