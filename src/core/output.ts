/** Output: the bytes a Machine's command wrote, kept in numbered chunks in the order they were fetched. */

import { OUTPUT_BLOB_MIN_BYTES, OUTPUT_IN_D1_MAX_BYTES, OUTPUT_SMALL_IN_D1_MAX_BYTES } from "./limits.ts";

export type Stream = "stdout" | "stderr";

export const STREAMS: readonly Stream[] = ["stdout", "stderr"];

/** Names a chunk: attempts count from 1, and so do the chunks of an attempt. The order of positions is the order of output. */
export interface ChunkPosition {
  attempt: number;
  seq: number;
}

/** Before every chunk. */
export const OUTPUT_START: ChunkPosition = { attempt: 0, seq: 0 };

/** Whether a position comes later than another. */
export function isAfter(a: ChunkPosition, b: ChunkPosition): boolean {
  return a.attempt === b.attempt ? a.seq > b.seq : a.attempt > b.attempt;
}

/** A piece of one stream. Its bytes are at hand, or stand in the blob store under `blobKey`. */
export interface OutputChunk extends ChunkPosition {
  stream: Stream;
  /** Where its first byte stands in its stream, from 0. */
  offset: number;
  /** In bytes. */
  length: number;
  /** Epoch milliseconds at which it was fetched from the Machine. */
  at: number;
  bytes: Uint8Array | null;
  blobKey: string | null;
}

/** How much of an attempt's output is stored: what the next read continues from. */
export interface OutputOffsets {
  /** Number of the last stored chunk; 0 where there is none. */
  seq: number;
  stdout: number;
  stderr: number;
}

export const NO_OUTPUT: OutputOffsets = { seq: 0, stdout: 0, stderr: 0 };

/** A position as watchers send it back (Last-Event-ID): "1.42". */
export function formatPosition(position: ChunkPosition): string {
  return `${position.attempt}.${position.seq}`;
}

/** Reads {@link formatPosition}'s text; null where it is something else. */
export function parsePosition(text: string): ChunkPosition | null {
  const match = /^(\d{1,4})\.(\d{1,9})$/.exec(text);
  return match ? { attempt: Number(match[1]), seq: Number(match[2]) } : null;
}

/** The offsets after a chunk was stored. */
export function offsetsAfter(offsets: OutputOffsets, chunk: OutputChunk): OutputOffsets {
  return { ...offsets, seq: chunk.seq, [chunk.stream]: chunk.offset + chunk.length };
}

/**
 * Whether a chunk's bytes go to the blob store and not to the database. A trickle of small ones stays in the database for
 * longer, as an object costs more than a row.
 * @param length of the chunk
 * @param storedThen bytes of the run that are stored once the chunk is
 */
export function belongsInBlobs(length: number, storedThen: number): boolean {
  const share = length < OUTPUT_BLOB_MIN_BYTES ? OUTPUT_SMALL_IN_D1_MAX_BYTES : OUTPUT_IN_D1_MAX_BYTES;
  return storedThen > share;
}

/**
 * Where a chunk's bytes go in the blob store. The key fixes the bytes: the same piece of the same stream, whoever
 * writes it, so that a second writer changes nothing.
 */
export function blobKeyOf(runId: string, chunk: OutputChunk): string {
  return `output/${runId}/${chunk.attempt}/${chunk.stream}/${chunk.offset}-${chunk.length}`;
}
