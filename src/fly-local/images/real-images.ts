/** Images by reference: from the store, an engine of this computer or a registry, in this order; each pulled once. */

import { ApiError } from "../error.ts";
import { PROGRAMS } from "../processes/container/engine.ts";
import type { ImageContent } from "./content.ts";
import { credentialsFor, dockerConfigPath } from "./credentials.ts";
import { fromEngine } from "./engine.ts";
import { asImageError, ImageError } from "./error.ts";
import { fromRegistry } from "./from-registry.ts";
import { factsOf, type Images } from "./images.ts";
import { type Platform, platformHere } from "./manifest.ts";
import { PullLog } from "./pull-log.ts";
import { parseReference, type Reference } from "./reference.ts";
import type { ImageStore, StoredImage } from "./store.ts";

export interface RealImagesOptions {
  readonly store: ImageStore;
  /** Told how pulls go, a line at a time. */
  readonly say: (line: string) => void;
  /** Command lines of engines to ask. */
  readonly engines?: readonly string[];
  /** docker's settings with the passwords of registries. */
  readonly dockerConfig?: string;
  readonly platform?: Platform;
}

/** Fly's status for an image whose manifest it can not get is not published; it is of the 4xx. */
const NO_MANIFEST_STATUS = 400;

interface Pull {
  readonly found: Promise<ImageContent>;
  readonly stored: Promise<StoredImage>;
}

export function realImages(options: RealImagesOptions): Images {
  const { store, say, engines = PROGRAMS, dockerConfig = dockerConfigPath() } = options;
  const platform = options.platform ?? platformHere();
  const closed = new AbortController();
  const pulls = new Map<string, Pull>();
  /** Of images that are known by several names. */
  const putting = new Map<string, Promise<unknown>>();

  async function find(reference: Reference): Promise<ImageContent> {
    const there = await fromEngine(reference, platform, engines);
    if (there !== null) return there;
    const credentials = credentialsFor(reference.registry, dockerConfig);
    return fromRegistry(reference, platform, credentials, closed.signal);
  }

  async function put(reference: Reference, found: Promise<ImageContent>): Promise<StoredImage> {
    const content = await found;
    await putting.get(content.id)?.catch(() => {});
    const log = new PullLog(reference.name, say);
    const stored = store.put(content, [reference], closed.signal, (progress) => log.tell(progress));
    putting.set(content.id, stored);
    try {
      const image = await stored;
      log.done(image.unpackedBytes);
      return image;
    } catch (error) {
      const failure = asImageError(error, `${reference.name} could not be pulled`);
      log.failed(failure.message);
      throw failure;
    } finally {
      if (putting.get(content.id) === stored) putting.delete(content.id);
    }
  }

  function pull(reference: Reference): Pull {
    const running = pulls.get(reference.name);
    if (running !== undefined) return running;
    const found = find(reference);
    const stored = put(reference, found);
    const started = { found, stored };
    pulls.set(reference.name, started);
    const over = () => pulls.delete(reference.name);
    stored.then(over, over);
    return started;
  }

  return {
    kind: "real",
    admit: async (config) => {
      try {
        const reference = parseReference(config.image);
        if (store.find(reference) === null) await pull(reference).found;
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        throw new ApiError(
          NO_MANIFEST_STATUS,
          `invalid_argument: failed to get manifest ${config.image}: ${error.message}`,
        );
      }
    },
    known: (image) => {
      const stored = store.find(parseReference(image));
      return stored === null ? null : factsOf(stored);
    },
    prepare: async (image) => {
      const reference = parseReference(image);
      return store.find(reference) ?? (await pull(reference).stored);
    },
    close: async () => {
      closed.abort(new ImageError("the server is ending"));
      await Promise.allSettled([...pulls.values()].map(({ stored }) => stored));
    },
  };
}
