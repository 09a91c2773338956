/** The images of a server's state, put together. */

import { join } from "node:path";
import type { EnginePlan } from "../processes/container/container-probe.ts";
import { OWNER_LABEL } from "../processes/container/run-args.ts";
import { engineImages } from "./engine-images.ts";
import { removeImported } from "./engine-import.ts";
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

/** Where a container engine has them. What `mayfly images remove` took away goes from the engine, too. */
export async function openEngineImages(
  state: string,
  { engine, owner }: EnginePlan,
  sources: ImageSources = {},
): Promise<Images> {
  const store = openStoreIn(state, sources.bounds);
  const kept = store.list().map(({ id }) => id);
  await removeImported(engine, `${OWNER_LABEL}=${owner}`, kept);
  return engineImages({
    engine,
    labels: { [OWNER_LABEL]: owner },
    store,
    directory: join(state, "isolation/container/accounts"),
    say: sources.say ?? ((line) => console.log(line)),
  });
}

export function openImages(state: string, { bounds, ...sources }: ImageSources = {}): Images {
  const store = openStoreIn(state, bounds);
  return realImages({ store, say: (line) => console.log(line), ...sources });
}
