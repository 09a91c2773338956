/** `mayfly images add`: takes the images of a file or directory into the store. */

import { rm } from "node:fs/promises";
import { ImageError } from "./error.ts";
import { fromFiles } from "./from-files.ts";
import { IMAGE_BOUNDS } from "./limits.ts";
import { platformHere } from "./manifest.ts";
import { megabytes } from "./pull-log.ts";
import { parseReference } from "./reference.ts";
import type { ImageStore } from "./store.ts";
import { Allowance } from "./unpack.ts";

/**
 * @param as what to call it in place of its own names; null keeps those
 * @returns a line about each image
 * @throws ImageError where the path holds no image, none for this computer, or one without a name
 */
export async function addImages(
  store: ImageStore,
  path: string,
  as: string | null,
  signal: AbortSignal,
): Promise<string[]> {
  const given = as === null ? null : parseReference(as);
  if (given?.digest != null) throw new ImageError(`"${as}" has a digest; a name with a tag is expected`);
  const partial = store.makePartial();
  try {
    const found = await fromFiles(path, partial, platformHere(), new Allowance(IMAGE_BOUNDS), signal);
    const own = found.flatMap(({ names }) => names);
    if (given !== null && found.length > 1)
      throw new ImageError(
        `${path} holds ${found.length} images, ${own.join(", ")}; only one can be renamed`,
      );
    const lines: string[] = [];
    for (const { content, names } of found) {
      const references = given !== null ? [given] : names.map(parseReference);
      if (references.length === 0)
        throw new ImageError(`${path} gives its image no name; --as says one, such as --as debian:12`);
      const { id, unpackedBytes } = await store.put(content, references, signal);
      const all = references.map(({ name }) => name).join(", ");
      lines.push(`added ${all} (${id.slice(0, 19)}, ${megabytes(unpackedBytes)})`);
    }
    return lines;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
