import { type OutputChunk, STREAMS, type Stream } from "../../../src/core/output.ts";
import { isFinal, type RunState } from "../../../src/core/run.ts";
import type { StoredRun } from "../../support/memory-store.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

export const outputIsTheMachines: Check = {
  name: "stored output is what the machine wrote, byte for byte, and a run says where some is missing",
  begin: (world) => ({
    onChange: (run) => wrongBytes(world, run) ?? wrongSummary(world, run),
  }),
};

/** The chunks of each stream follow each other, and hold the bytes of the machine from the first on. */
function wrongBytes(world: World, { state: { run, attempts }, chunks }: StoredRun): string | null {
  const next: Record<Stream, number> = { stdout: 0, stderr: 0 };
  for (const [index, chunk] of chunks.entries()) {
    if (chunk.seq !== index + 1) return `run ${run.id}: chunk ${index + 1} has the number ${chunk.seq}`;
    if (chunk.offset !== next[chunk.stream])
      return `run ${run.id}: chunk ${chunk.seq} of ${chunk.stream} begins at ${chunk.offset}, not at ${next[chunk.stream]}`;
    const bytes = bytesOf(world, chunk);
    if (bytes?.length !== chunk.length) return `run ${run.id}: chunk ${chunk.seq} has not its bytes`;
    next[chunk.stream] += chunk.length;
    const written = writtenBy(world, { run, attempts }, chunk.stream).subarray(
      chunk.offset,
      chunk.offset + chunk.length,
    );
    if (Buffer.compare(bytes, written) !== 0)
      return `run ${run.id}: chunk ${chunk.seq} of ${chunk.stream} is not what the machine wrote there`;
  }
  return null;
}

function wrongSummary(world: World, { state: { run, attempts }, chunks }: StoredRun): string | null {
  if (!isFinal(run.status)) return run.output.complete ? `run ${run.id} is complete before its end` : null;
  for (const stream of STREAMS) {
    const stored = chunks
      .filter((chunk) => chunk.stream === stream)
      .reduce((sum, { length }) => sum + length, 0);
    const told = run.output[`${stream}Bytes`];
    // A driver that was lost may have stored a last piece when it was given up; the run does not count that.
    if (told > stored || (run.output.complete && told !== stored))
      return `run ${run.id} tells of ${told} bytes of ${stream} and has ${stored}`;
    // What an image writes that runs by itself is nobody's to keep.
    if (!run.output.complete || run.spec.capture === "none") continue;
    const written = writtenBy(world, { run, attempts }, stream).length;
    if (written !== stored)
      return `run ${run.id} is complete with ${stored} of the ${written} bytes of ${stream} that were written`;
  }
  return null;
}

function writtenBy(world: World, state: RunState, stream: Stream): Uint8Array {
  return world.machineOf(state)?.command?.output[stream] ?? new Uint8Array();
}

function bytesOf(world: World, { bytes, blobKey }: OutputChunk): Uint8Array | undefined {
  return bytes ?? (blobKey === null ? undefined : world.blobs.stored.get(blobKey));
}
