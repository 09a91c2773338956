/** In which order the output of steps is stored that was read at once: step by step, as they wrote it. */

import { STREAMS, type Stream } from "../output.ts";
import type { StepRecord } from "./record.ts";

/** A part of a stream: from its first byte up to the one that is not its own. */
export interface Piece {
  stream: Stream;
  from: number;
  to: number;
}

/** A stream's bytes that follow the stored ones. */
export interface AtHand {
  from: number;
  to: number;
  /** Whether more of it can be read at once. */
  hasMore: boolean;
}

/**
 * What of both streams is to be stored now, in the order of the steps; of a step stdout comes first. It is cut only where the other stream has
 * something in between, as each piece is a row: so there are two at most for each step, and of a run without steps one for each stream.
 * What a step has yet to be read of comes before what those behind it wrote: that is left for a later read.
 */
export function piecesOf(steps: Pick<StepRecord, "to">[], atHand: Record<Stream, AtHand>): Piece[] {
  const pieces: Piece[] = [];
  const at = { stdout: atHand.stdout.from, stderr: atHand.stderr.from };
  const isShort = (stream: Stream, end: number) => atHand[stream].hasMore && at[stream] < end;
  for (const end of [...steps.flatMap(({ to }) => to ?? []), null]) {
    for (const stream of STREAMS) {
      const to = Math.min(end?.[stream] ?? Number.POSITIVE_INFINITY, atHand[stream].to);
      if (to <= at[stream]) continue;
      const last = pieces.at(-1);
      if (last?.stream === stream) last.to = to;
      else pieces.push({ stream, from: at[stream], to });
      at[stream] = to;
    }
    if (end !== null && STREAMS.some((stream) => isShort(stream, end[stream]))) break;
  }
  return pieces;
}
