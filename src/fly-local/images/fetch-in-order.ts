/** Fetches an image's layers, some at the same time, and hands them on in their order as soon as each is there. */

import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { LayerSource } from "./content.ts";
import type { LayerFile } from "./layer.ts";
import { DOWNLOADS_AT_ONCE } from "./limits.ts";
import type { PutProgress } from "./store.ts";

/**
 * @param directory where files are put that are on their way; each is removed when it is done with
 * @throws what a fetch or `use` throws, when no fetch is going on any more
 */
export async function fetchInOrder(
  layers: readonly LayerSource[],
  directory: string,
  signal: AbortSignal,
  onProgress: (progress: PutProgress) => void,
  use: (layer: LayerFile) => Promise<void>,
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const sizes = layers.map((layer) => layer.bytes);
  const total = sizes.includes(null) ? null : sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  let fetched = 0;
  let layersDone = 0;
  const tell = () => onProgress({ fetched, total, layersDone, layers: layers.length });
  const fetches: Promise<string>[] = [];
  const fetchNext = () => {
    const index = fetches.length;
    const layer = layers[index];
    if (layer === undefined || stopped.aborted) return;
    const path = layer.fetch(join(directory, String(index)), stopped, (count) => {
      fetched += count;
      tell();
    });
    // It is looked at when its turn comes.
    path.then(fetchNext, () => {});
    fetches.push(path);
  };
  try {
    tell();
    for (let count = 0; count < DOWNLOADS_AT_ONCE; count++) fetchNext();
    for (const [index, { diffId }] of layers.entries()) {
      const path = await fetches[index];
      if (path === undefined) throw stopped.reason;
      await use({ path, name: `layer ${index + 1} of ${layers.length}`, diffId });
      if (path.startsWith(`${directory}/`)) await rm(path, { force: true });
      layersDone += 1;
      tell();
    }
  } finally {
    stop.abort();
    await Promise.allSettled(fetches);
  }
}
