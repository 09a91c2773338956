/** Stores and image sources of a test's own. */

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Images } from "../../../src/fly-local/images/images.ts";
import { IMAGE_BOUNDS, type ImageBounds } from "../../../src/fly-local/images/limits.ts";
import { type RealImagesOptions, realImages } from "../../../src/fly-local/images/real-images.ts";
import { ImageStore } from "../../../src/fly-local/images/store.ts";
import { stateDir } from "../support.ts";

export interface TestImages {
  images: Images;
  store: ImageStore;
  directory: string;
  said: string[];
  /** What a pull has left: finished images, names and things on their way. */
  left(): { images: number; references: number; partial: number };
}

/** Images that are found in the store and in registries alone. */
export function testImages(
  options: Partial<RealImagesOptions> = {},
  bounds: ImageBounds = IMAGE_BOUNDS,
): TestImages {
  const directory = join(stateDir(), "images");
  const store = new ImageStore(directory, bounds);
  const said: string[] = [];
  const images = realImages({
    store,
    say: (line) => said.push(line),
    engines: [],
    dockerConfig: "/nonexistent",
    ...options,
  });
  const count = (name: string) => readdirSync(join(directory, name)).length;
  return {
    images,
    store,
    directory,
    said,
    left: () => ({ images: count("images"), references: count("references"), partial: count("partial") }),
  };
}

export const NOTHING_LEFT = { images: 0, references: 0, partial: 0 };

/** A directory with a file in it that nothing must change. */
export function emptyDirectory(): string {
  const directory = join(stateDir(), "empty");
  mkdirSync(directory);
  return directory;
}
