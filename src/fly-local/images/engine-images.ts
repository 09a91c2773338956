/**
 * Images of Machines that are containers: from our store, where they were put by `mayfly images add`, the engine itself, or
 * pulled by the engine, in this order; each pulled once.
 */

import { ApiError } from "../error.ts";
import type { Engine } from "../processes/container/engine.ts";
import { copyAccounts } from "./engine-accounts.ts";
import { importedName, importImage } from "./engine-import.ts";
import { engineName, inspectImage } from "./engine-inspect.ts";
import { type Pull, pullBy } from "./engine-pull.ts";
import { asImageError, ImageError } from "./error.ts";
import { factsOf, type ImageAtHand, type ImageFacts, type Images } from "./images.ts";
import { parseReference, type Reference } from "./reference.ts";
import type { ImageStore, StoredImage } from "./store.ts";

export interface EngineImagesOptions {
  readonly engine: Engine;
  /** On what is made at the engine. */
  readonly labels: Readonly<Record<string, string>>;
  readonly store: ImageStore;
  /** For the accounts of images. */
  readonly directory: string;
  /** Told how pulls go, a line at a time. */
  readonly say: (line: string) => void;
}

/** As for images that are pulled without an engine (`real-images.ts`). */
const NO_MANIFEST_STATUS = 400;

interface Known {
  readonly image: ImageAtHand;
  readonly facts: ImageFacts;
}

export function engineImages(options: EngineImagesOptions): Images {
  const { engine, labels, store, directory, say } = options;
  const closed = new AbortController();
  const pulls = new Map<string, Pull>();
  const known = new Map<string, Known>();
  /** By the engine's ids; a promise, as many Machines may begin at once. */
  const accounts = new Map<string, Promise<string>>();
  const imports = new Map<string, Promise<void>>();

  function accountsOf(id: string): Promise<string> {
    const there = accounts.get(id);
    if (there !== undefined) return there;
    const copied = copyAccounts(engine, id, labels, directory);
    accounts.set(id, copied);
    copied.catch(() => accounts.delete(id));
    return copied;
  }

  async function fromStore(stored: StoredImage): Promise<Known> {
    const name = importedName(stored.id);
    if ((await inspectImage(engine.program, name)) === null) {
      const running = imports.get(name) ?? importImage(engine, stored.root, name, labels);
      imports.set(name, running);
      await running.finally(() => imports.delete(name));
    }
    const found = await inspectImage(engine.program, name);
    if (found === null) throw new ImageError(`${engine.program} has lost the image ${name}`);
    // What it is, is in the store; the engine was given its files alone.
    const { id, digest, config, root } = stored;
    return { image: { id: found.id, config, root }, facts: factsOf({ id, digest, config }) };
  }

  async function find(reference: Reference): Promise<Known | null> {
    const stored = store.find(reference);
    if (stored !== null) return fromStore(stored);
    const found = await inspectImage(engine.program, engineName(reference));
    if (found === null) return null;
    const { id, config } = found;
    return { image: { id, config, root: await accountsOf(id) }, facts: factsOf(found) };
  }

  function pull(reference: Reference): Pull {
    const running = pulls.get(reference.name);
    if (running !== undefined) return running;
    const started = pullBy(engine, reference, say, closed.signal);
    pulls.set(reference.name, started);
    const over = () => pulls.delete(reference.name);
    started.done.then(over, over);
    return started;
  }

  return {
    kind: "real",
    admit: async (config) => {
      try {
        const reference = parseReference(config.image);
        if (store.find(reference) !== null) return;
        if ((await inspectImage(engine.program, engineName(reference))) === null) await pull(reference).found;
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        throw new ApiError(
          NO_MANIFEST_STATUS,
          `invalid_argument: failed to get manifest ${config.image}: ${error.message}`,
        );
      }
    },
    known: (image) => known.get(parseReference(image).name)?.facts ?? null,
    prepare: async (image) => {
      const reference = parseReference(image);
      try {
        let found = await find(reference);
        if (found === null) {
          await pull(reference).done;
          found = await find(reference);
        }
        if (found === null)
          throw new ImageError(`${engine.program} pulled ${reference.name} and does not have it`);
        known.set(reference.name, found);
        return found.image;
      } catch (error) {
        throw asImageError(error, `${reference.name} is not to be had`);
      }
    },
    close: async () => {
      closed.abort();
      await Promise.allSettled([...pulls.values()].map(({ done }) => done));
    },
  };
}
