/** What the commands of a run's simulated machines do, drawn when the run is ordered, so that their truth is known beforehand. */

import type { Stream } from "../../../src/core/output.ts";
import type { Chance } from "../chance.ts";
import { aPrint, type Print } from "./printed-secret.ts";

export interface Piece {
  /** Milliseconds after the command's start. */
  afterMs: number;
  stream: Stream;
  bytes: Uint8Array;
}

/** One of its secrets that it prints. */
export interface SecretPiece {
  /** Milliseconds after the command's start. */
  afterMs: number;
  /** It is printed in two parts, the second so much later; null where it comes at once. */
  restAfterMs: number | null;
  /** How much of it is the first part, from 0 to 1. */
  share: number;
  stream: Stream;
  print: Print;
}

export interface Program {
  pieces: Piece[];
  secretPieces: SecretPiece[];
  /** Null where it runs until it is told to stop. */
  durationMs: number | null;
  /** As a shell tells it: 128 and a signal's number where a signal ended it. */
  code: number;
  oomKilled: boolean;
  /** How long it takes to end by SIGTERM; null where it does not heed it. */
  stopsInMs: number | null;
  /** The code with which it then ends: 143, or one of its own. */
  stoppedCode: number;
}

/** What a run's command does in each attempt, which is not the same each time. */
export interface Behaviour {
  /** By attempt, from the first; the last goes on. */
  programs: [Program, ...Program[]];
  /** On less memory than this the kernel ends it. */
  needsMemoryMb: number;
}

/**
 * A behaviour whose limit is somewhere near: most attempts end before it, some would go on.
 * @param memoryMb what its first machine has
 * @param variables those in which it is given secrets
 */
export function aBehaviour(chance: Chance, runMs: number, memoryMb: number, variables: string[]): Behaviour {
  const often = chance.fault("a command that fails at first", 0.4);
  const programs: Behaviour["programs"] = [aProgram(chance, runMs, variables)];
  for (let more = often ? chance.between("fails times", 1, 3) : 0; more > 0; more--) {
    const before = programs.at(-1) as Program;
    if (before.code === 0) before.code = chance.pick("failing code", [1, 3, 75]);
    programs.push(aProgram(chance, runMs, variables));
  }
  return {
    programs,
    needsMemoryMb: memoryMb * (chance.fault("want of memory", 0.1) ? chance.pick("short of", [2, 4]) : 0),
  };
}

/** What the command does in an attempt, on a machine of this size. */
export function programOf(
  { programs, needsMemoryMb }: Behaviour,
  attempt: number,
  memoryMb: number,
): Program {
  const program = programs[Math.min(attempt, programs.length) - 1] ?? programs[0];
  if (memoryMb >= needsMemoryMb) return program;
  const { durationMs } = program;
  return {
    ...program,
    durationMs: durationMs === null ? 1000 : Math.floor(durationMs / 2),
    code: 137,
    oomKilled: true,
  };
}

function aProgram(chance: Chance, runMs: number, variables: string[]): Program {
  const durationMs = chance.fault("a command that goes on for ever", 0.3)
    ? null
    : Math.floor(chance.number("duration") ** 3 * runMs * 1.1);
  const oomKilled = chance.number("oom") < 0.05;
  const end = durationMs ?? runMs;
  // More than the database takes of one run, so that some goes to the blob store.
  const large = chance.fault("large output", 0.08);
  const pieces = Array.from({ length: chance.between("pieces", 0, 5) }, () => piece(chance, end, large)).sort(
    (a, b) => a.afterMs - b.afterMs,
  );
  return {
    pieces,
    secretPieces: secretPieces(chance, end, variables),
    durationMs,
    code: oomKilled ? 137 : chance.pick("exit code", [0, 0, 0, 1, 3, 139]),
    oomKilled,
    stopsInMs: chance.number("heeds SIGTERM") < 0.75 ? chance.between("stops in", 0, 3000) : null,
    stoppedCode: chance.pick("stopped code", [143, 143, 0, 5]),
  };
}

/** Of those that it is given it prints some, some of them several times. */
function secretPieces(chance: Chance, endMs: number, [first, ...others]: string[]): SecretPiece[] {
  if (first === undefined) return [];
  return Array.from({ length: chance.between("secrets printed", 0, 4) }, () => ({
    afterMs: Math.floor(chance.number("secret printed at") * endMs),
    restAfterMs:
      chance.number("a secret in two parts") < 0.5 ? chance.between("rest of it after", 0, 4000) : null,
    share: chance.number("first part"),
    stream: chance.number("stream of the secret") < 0.7 ? ("stdout" as const) : ("stderr" as const),
    print: aPrint(chance, chance.pick("secret printed", [first, ...others])),
  }));
}

const LARGE_MAX = 250_000;

function piece(chance: Chance, endMs: number, large: boolean): Piece {
  const length = large ? chance.between("large length", 50_000, LARGE_MAX) : chance.between("length", 1, 400);
  const first = chance.between("bytes", 0, 255);
  return {
    afterMs: Math.floor(chance.number("output at") * endMs),
    stream: chance.number("stream") < 0.7 ? "stdout" : "stderr",
    // 256 places further on each byte is one more.
    bytes: BYTES.subarray(256 * first, 256 * first + length),
  };
}

/** Each place has its byte, so that bytes that are lost, doubled or moved are seen. */
const BYTES = Uint8Array.from(
  { length: 256 * 255 + LARGE_MAX },
  (_, index) => (index * 7 + (index >> 8)) & 255,
);
