/** Reading stored output, wherever its bytes are. */

import { OUTPUT_PAGE_MAX_CHUNKS } from "../core/limits.ts";
import type { ChunkPosition, OutputChunk } from "../core/output.ts";
import type { Blobs, Store } from "./ports.ts";

export interface OutputPorts {
  store: Store;
  blobs: Blobs;
}

/** A chunk whose bytes are at hand. */
export type FilledChunk = OutputChunk & { bytes: Uint8Array };

/** All stored output after a position, in order, a chunk at a time. */
export async function* storedOutput(
  ports: { store: Pick<Store, "readOutput">; blobs: Pick<Blobs, "get"> },
  runId: string,
  after: ChunkPosition,
): AsyncGenerator<FilledChunk> {
  for await (const { chunks } of storedPages(ports.store, runId, after))
    for (const chunk of chunks) yield await filled(ports.blobs, chunk);
}

/** The same, as many chunks at a time as one read brings: one at least; their bytes may still be elsewhere. */
export async function* storedPages(
  store: Pick<Store, "readOutput">,
  runId: string,
  after: ChunkPosition,
): AsyncGenerator<{ chunks: OutputChunk[]; last: OutputChunk }> {
  let position = after;
  while (true) {
    const chunks = await store.readOutput(runId, position, OUTPUT_PAGE_MAX_CHUNKS);
    const last = chunks.at(-1);
    if (last === undefined) return;
    yield { chunks, last };
    if (chunks.length < OUTPUT_PAGE_MAX_CHUNKS) return;
    position = last;
  }
}

/** A chunk with its bytes, from wherever they are. */
export async function filled(blobs: Pick<Blobs, "get">, chunk: OutputChunk): Promise<FilledChunk> {
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
