/** Indexes and manifests: of which layers an image is made, for which platform (OCI image specification; docker's v2 forms). */

import { z } from "zod";
import { ImageError } from "./error.ts";
import { LAYERS_MAX } from "./limits.ts";

const descriptor = z.looseObject({
  mediaType: z.string().optional(),
  digest: z.string(),
  size: z.number().int().nonnegative(),
  platform: z
    .looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
    .nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
export type Descriptor = z.infer<typeof descriptor>;

const manifest = z.looseObject({ config: descriptor, layers: z.array(descriptor) });
const index = z.looseObject({ manifests: z.array(descriptor) });

export type Manifest =
  | { kind: "image"; config: Descriptor; layers: Descriptor[] }
  | { kind: "index"; manifests: Descriptor[] };

/** What a registry is asked for. */
export const MANIFEST_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** @throws ImageError where it is no manifest of these kinds */
export function readManifest(json: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ImageError("the image's manifest is not JSON");
  }
  if ((value as { schemaVersion?: unknown } | null)?.schemaVersion === 1)
    throw new ImageError("the image's manifest is of schema 1, which no registry makes any more");
  const many = index.safeParse(value);
  if (many.success) return { kind: "index", manifests: many.data.manifests };
  const one = manifest.safeParse(value);
  if (!one.success) {
    const [issue] = one.error.issues;
    throw new ImageError(`the image's manifest: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  if (one.data.layers.length > LAYERS_MAX)
    throw new ImageError(`the image has ${one.data.layers.length} layers; ${LAYERS_MAX} are accepted`);
  return { kind: "image", config: one.data.config, layers: one.data.layers };
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** What runs here. */
export function platformHere(): Platform {
  const architecture = { x64: "amd64", ia32: "386" }[process.arch as string] ?? process.arch;
  return { os: "linux", architecture };
}

/** The first that is for the platform, as engines choose. @throws ImageError that lists what there is */
export function chosen(manifests: readonly Descriptor[], platform: Platform): Descriptor {
  const found = manifests.find((each) => isFor(each.platform ?? null, platform));
  if (found !== undefined) return found;
  const there = manifests
    // Attestations stand beside images as if they were for a platform of their own.
    .flatMap((each) => (each.platform && each.platform.os !== "unknown" ? [each.platform] : []))
    .map(({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join("/"));
  throw new ImageError(
    `the image is not made for ${platform.os}/${platform.architecture}; it is for ${there.join(", ") || "no platform"}`,
  );
}

/** @throws ImageError where an image says that it is for another platform */
export function checkPlatform(
  config: { os: string | null; architecture: string | null },
  platform: Platform,
): void {
  const { os, architecture } = config;
  if (
    (os || platform.os) !== platform.os ||
    (architecture || platform.architecture) !== platform.architecture
  )
    throw new ImageError(
      `the image is for ${os}/${architecture}, and this computer runs ${platform.os}/${platform.architecture}`,
    );
}

function isFor(given: { os: string; architecture: string } | null, platform: Platform): boolean {
  return given?.os === platform.os && given.architecture === platform.architecture;
}
