import type { Attempt } from "../../../src/core/attempt.ts";
import { type OutputChunk, STREAMS, type Stream } from "../../../src/core/output.ts";
import { isFinal } from "../../../src/core/run.ts";
import { hasSecrets } from "../../../src/core/run-spec.ts";
import type { StoredRun } from "../../support/memory-store.ts";
import type { Command } from "../world/command.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

export const outputIsTheMachines: Check = {
  name: "stored output is what each attempt's machine wrote, byte for byte, and a run says where some is missing",
  begin(world) {
    /** By run: chunks whose bytes have been compared. */
    const compared = new Map<string, number>();
    return {
      onChange(stored) {
        const { run, attempts } = stored.state;
        const chunks = stored.chunks;
        // What has become a secret by what came later is to be masked before.
        if (hasSecrets(run.spec)) compared.delete(run.id);
        if ((compared.get(run.id) ?? 0) < chunks.length) {
          for (const { number } of attempts) {
            const wrong = wrongBytes(world, stored, number, compared.get(run.id) ?? 0);
            if (wrong) return `run ${run.id}, attempt ${number}: ${wrong}`;
          }
          if (chunks.some(({ attempt }) => attempt > attempts.length))
            return `run ${run.id} has output of no attempt`;
          compared.set(run.id, chunks.length);
        }
        for (const attempt of attempts) {
          const wrong = wrongSummary(world, stored, attempt);
          if (wrong) return `run ${run.id}, attempt ${attempt.number}, ${wrong}`;
        }
        return wrongSum(stored);
      },
    };
  },
};

/** The chunks of each stream follow each other, and hold the bytes of the machine from the first on. */
function wrongBytes(world: World, stored: StoredRun, number: number, from: number): string | null {
  const attempt = stored.state.attempts[number - 1] as Attempt;
  const next: Record<Stream, number> = { stdout: 0, stderr: 0 };
  let seq = 0;
  for (const [index, chunk] of stored.chunks.entries()) {
    if (chunk.attempt !== number) continue;
    seq += 1;
    if (chunk.seq !== seq) return `chunk ${seq} has the number ${chunk.seq}`;
    if (chunk.offset !== next[chunk.stream])
      return `chunk ${seq} of ${chunk.stream} begins at ${chunk.offset}, not at ${next[chunk.stream]}`;
    next[chunk.stream] += chunk.length;
    if (index < from) continue;
    const bytes = bytesOf(world, chunk);
    if (bytes?.length !== chunk.length) return `chunk ${seq} has not its bytes`;
    const wrong = wrongText(world, chunk, bytes, world.machineOf(attempt)?.command ?? null);
    if (wrong) return `chunk ${seq} of ${chunk.stream} ${wrong}`;
  }
  return null;
}

const MASK = 42;
const LF = 10;

/** Byte for byte what was written; but secrets are masked, and nothing else, unless nobody knew what is one. */
function wrongText(
  { vault }: World,
  { stream, offset }: OutputChunk,
  bytes: Uint8Array,
  command: Command | null,
): string | null {
  const written = command?.output[stream].subarray(offset, offset + bytes.length) ?? new Uint8Array();
  const printed = command?.printed[stream] ?? [];
  if (printed.length === 0 && !vault.wasLocked)
    return Buffer.compare(bytes, written) === 0 ? null : "is not what the machine wrote there";
  const isIn = (place: number, isSecret: boolean) =>
    printed.some((range) => range.from <= place && place < range.to && (!isSecret || range.isSecret));
  for (const [index, byte] of bytes.entries()) {
    const place = offset + index;
    const isMasked = byte === MASK && written[index] !== MASK;
    if (!isMasked && byte !== written[index]) return `is not what the machine wrote at ${place}`;
    if (isMasked && !vault.wasLocked && !isIn(place, false))
      return `is masked at ${place}, where no secret is`;
    // Where nobody knew what is secret, line feeds alone are shown.
    const mayBeShown = byte === MASK || (byte === LF && vault.wasLocked);
    if (!isMasked && !mayBeShown && isIn(place, true)) return `shows a secret at ${place}`;
  }
  return null;
}

function wrongSummary(world: World, { state: { run }, chunks }: StoredRun, attempt: Attempt): string | null {
  const { output, number } = attempt;
  if ((output === null) !== (attempt.settledAt === null))
    return "which has ended, tells nothing of its output";
  if (output === null) return null;
  for (const stream of STREAMS) {
    const stored = chunks
      .filter((chunk) => chunk.attempt === number && chunk.stream === stream)
      .reduce((sum, { length }) => sum + length, 0);
    const told = output[`${stream}Bytes`];
    // A driver that was lost may have stored a last piece when it was given up; the attempt does not count that.
    if (told > stored || (output.complete && told !== stored))
      return `tells of ${told} bytes of ${stream} and has ${stored}`;
    // What an image writes that runs by itself is nobody's to keep.
    if (!output.complete || run.spec.capture === "none") continue;
    const written = writtenBy(world, attempt, stream).length;
    if (written !== stored)
      return `is complete with ${stored} of the ${written} bytes of ${stream} that were written`;
  }
  return null;
}

/** A run's output is that of all its attempts, complete once all of it is. */
function wrongSum({ state: { run, attempts } }: StoredRun): string | null {
  const ended = attempts.flatMap(({ output }) => (output === null ? [] : [output]));
  for (const count of ["stdoutBytes", "stderrBytes", "droppedBytes"] as const) {
    const sum = ended.reduce((bytes, output) => bytes + output[count], 0);
    if (run.output[count] !== sum)
      return `run ${run.id} tells of ${run.output[count]} ${count}, and its attempts of ${sum}`;
  }
  const complete = isFinal(run.status) && ended.every((output) => output.complete);
  return run.output.complete === complete
    ? null
    : `run ${run.id} says of its output that complete is ${!complete}`;
}

function writtenBy(world: World, attempt: Attempt, stream: Stream): Uint8Array {
  return world.machineOf(attempt)?.command?.output[stream] ?? new Uint8Array();
}

function bytesOf(world: World, { bytes, blobKey }: OutputChunk): Uint8Array | undefined {
  return bytes ?? (blobKey === null ? undefined : world.blobs.stored.get(blobKey));
}
