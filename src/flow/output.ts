/** Reading stored output, wherever its bytes are, and following it while a run goes on. */

import { OUTPUT_PAGE_MAX_CHUNKS } from "../core/limits.ts";
import type { ChunkPosition, OutputChunk } from "../core/output.ts";
import { isFinal, type RunState } from "../core/run.ts";
import type { Blobs, Drivers, Store } from "./ports.ts";

export interface OutputPorts {
  store: Store;
  blobs: Blobs;
}

/** A chunk whose bytes are at hand. */
export type FilledChunk = OutputChunk & { bytes: Uint8Array };

/** All stored output after a position, in order, a chunk at a time. */
export async function* storedOutput(
  ports: OutputPorts,
  runId: string,
  after: ChunkPosition,
): AsyncGenerator<FilledChunk> {
  let position = after;
  while (true) {
    const chunks = await ports.store.readOutput(runId, position, OUTPUT_PAGE_MAX_CHUNKS);
    for (const chunk of chunks) yield await filled(ports.blobs, chunk);
    const last = chunks.at(-1);
    if (last === undefined || chunks.length < OUTPUT_PAGE_MAX_CHUNKS) return;
    position = last;
  }
}

async function filled(blobs: Blobs, chunk: OutputChunk): Promise<FilledChunk> {
  const bytes = chunk.bytes ?? (chunk.blobKey !== null ? await blobs.get(chunk.blobKey) : null);
  if (bytes === null) throw new Error(`output ${chunk.blobKey} is missing from the blob store`);
  return { ...chunk, bytes };
}

/** The newest output: whole chunks, oldest first, until they come to `maxBytes`. */
export async function newestOutput(
  ports: OutputPorts,
  runId: string,
  maxBytes: number,
): Promise<FilledChunk[]> {
  const chunks = await ports.store.lastOutput(runId, OUTPUT_PAGE_MAX_CHUNKS);
  let bytes = 0;
  const first = chunks.findLastIndex((chunk) => {
    bytes += chunk.length;
    return bytes >= maxBytes;
  });
  return Promise.all(chunks.slice(Math.max(0, first)).map((chunk) => filled(ports.blobs, chunk)));
}

/** What a follower is told, in order: output, and at last the run's outcome. */
export type Followed = { kind: "output"; chunk: FilledChunk } | { kind: "end"; state: RunState };

/**
 * Follows a run's output from a position: what is stored, then what is stored next, then the outcome. Only stored output is
 * told, so whoever comes back with the last position misses nothing and sees nothing twice.
 */
export async function* followOutput(
  ports: OutputPorts & { drivers: Drivers },
  runId: string,
  after: ChunkPosition,
  signal: AbortSignal,
): AsyncGenerator<Followed> {
  let position = after;
  /** What is stored by now; the outcome too, once there is one. True when all is told. */
  async function* catchUp(): AsyncGenerator<Followed, boolean> {
    // In this order: a run that is final before its output is read has all of it stored.
    const state = await ports.store.load(runId);
    if (state === null) return true;
    for await (const chunk of storedOutput(ports, runId, position)) {
      position = chunk;
      yield { kind: "output", chunk };
    }
    if (!isFinal(state.run.status)) return false;
    yield { kind: "end", state };
    return true;
  }
  // A run that is over needs no driver.
  if (yield* catchUp()) return;
  while (!signal.aborted) {
    // Watching begins before reading: what is stored in between is announced.
    for await (const _news of ports.drivers.watch(runId, signal)) if (yield* catchUp()) return;
  }
}
