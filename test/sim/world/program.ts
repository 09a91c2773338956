/** What the command of a simulated machine does, drawn when its run is ordered, so that its truth is known beforehand. */

import type { Stream } from "../../../src/core/output.ts";
import type { Chance } from "../chance.ts";

export interface Piece {
  /** Milliseconds after the command's start. */
  afterMs: number;
  stream: Stream;
  bytes: Uint8Array;
}

export interface Program {
  pieces: Piece[];
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

/** A program whose limit is somewhere near: most end before it, some would go on. */
export function aProgram(chance: Chance, runMs: number): Program {
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
    durationMs,
    code: oomKilled ? 137 : chance.pick("exit code", [0, 0, 0, 1, 3, 139]),
    oomKilled,
    stopsInMs: chance.number("heeds SIGTERM") < 0.75 ? chance.between("stops in", 0, 3000) : null,
    stoppedCode: chance.pick("stopped code", [143, 143, 0, 5]),
  };
}

function piece(chance: Chance, endMs: number, large: boolean): Piece {
  const length = large ? chance.between("large length", 50_000, 250_000) : chance.between("length", 1, 400);
  const first = chance.between("bytes", 0, 255);
  return {
    afterMs: Math.floor(chance.number("output at") * endMs),
    stream: chance.number("stream") < 0.7 ? "stdout" : "stderr",
    // Each place has its byte, so that bytes that are lost, doubled or moved are seen.
    bytes: Uint8Array.from({ length }, (_, index) => (first + index * 7 + (index >> 8)) & 255),
  };
}
