/** A part of an attempt's stored output: the section of one step. */

import { OUTPUT_PAGE_MAX_CHUNKS } from "../core/limits.ts";
import { type OutputChunk, STREAMS, type Stream } from "../core/output.ts";
import { type FilledChunk, filled, newestOutput, type OutputPorts } from "./output.ts";

/** Which bytes of an attempt's streams; up to where they end so far where `to` is null. */
export interface Section {
  attempt: number;
  from: Record<Stream, number>;
  to: Record<Stream, number> | null;
}

/** What is stored of a section, in order, a chunk at a time; what of a chunk is another's is cut off. */
export async function* storedSection(
  { store, blobs }: Pick<OutputPorts, "store" | "blobs">,
  runId: string,
  section: Section,
): AsyncGenerator<FilledChunk> {
  const { attempt, to } = section;
  const known: Record<Stream, number> = { stdout: 0, stderr: 0 };
  const isOver = () => to !== null && known.stdout >= to.stdout && known.stderr >= to.stderr;
  let position = { attempt, seq: 0 };
  while (!isOver()) {
    const chunks = await store.readOutput(runId, position, OUTPUT_PAGE_MAX_CHUNKS);
    for (const chunk of chunks) {
      if (chunk.attempt !== attempt) return;
      position = chunk;
      known[chunk.stream] = chunk.offset + chunk.length;
      const [start, end] = boundsIn(section, chunk);
      if (start < end) yield cut(await filled(blobs, chunk), start, end);
    }
    if (chunks.length < OUTPUT_PAGE_MAX_CHUNKS) return;
  }
}

/**
 * The newest of a section, about `maxBytes` of each stream.
 * @returns it in order, and whether it begins where the section does
 */
export async function newestOfSection(
  ports: OutputPorts,
  runId: string,
  section: Section,
  maxBytes: number,
): Promise<{ chunks: FilledChunk[]; fromStart: boolean }> {
  const { attempt, from, to } = section;
  const chunks: FilledChunk[] = [];
  if (to !== null) {
    const start = {
      stdout: Math.max(from.stdout, to.stdout - maxBytes),
      stderr: Math.max(from.stderr, to.stderr - maxBytes),
    };
    for await (const chunk of storedSection(ports, runId, { attempt, from: start, to })) chunks.push(chunk);
    return { chunks, fromStart: start.stdout === from.stdout && start.stderr === from.stderr };
  }
  // Of one that goes on the end is the output's.
  for (const chunk of await newestOutput(ports, runId, maxBytes)) {
    const [start, end] = boundsIn(section, chunk);
    if (chunk.attempt === attempt && start < end) chunks.push(cut(chunk, start, end));
  }
  const begins = (stream: Stream) =>
    (chunks.find((chunk) => chunk.stream === stream)?.offset ?? 0) <= from[stream];
  return { chunks, fromStart: STREAMS.every(begins) };
}

/** Where in a chunk a section begins and ends. */
function boundsIn(
  { from, to }: Section,
  { stream, offset, length }: OutputChunk,
): [start: number, end: number] {
  const end = to === null ? length : Math.min(length, to[stream] - offset);
  return [Math.max(0, from[stream] - offset), end];
}

function cut(chunk: FilledChunk, start: number, end: number): FilledChunk {
  const { offset, bytes } = chunk;
  return { ...chunk, offset: offset + start, length: end - start, bytes: bytes.subarray(start, end) };
}
