/** The images of a server's state, put together. */

import { join } from "node:path";
import type { Images } from "./images.ts";
import { IMAGE_BOUNDS, type ImageBounds } from "./limits.ts";
import { type RealImagesOptions, realImages } from "./real-images.ts";
import { ImageStore } from "./store.ts";

/** Where images come from, apart from the store, and how large they may be. */
export type ImageSources = Partial<Omit<RealImagesOptions, "store">> & { bounds?: ImageBounds };

/** @param state the server's directory */
export function openStoreIn(state: string, bounds: ImageBounds = IMAGE_BOUNDS): ImageStore {
  return new ImageStore(join(state, "images"), bounds);
}

export function openImages(state: string, { bounds, ...sources }: ImageSources = {}): Images {
  const store = openStoreIn(state, bounds);
  return realImages({ store, say: (line) => console.log(line), ...sources });
}
