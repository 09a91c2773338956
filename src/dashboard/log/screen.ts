/**
 * Turns a run's output into rows, as a terminal would, one stream apart from the other: a line that a stream left open
 * goes on where it was, whatever the other stream wrote meanwhile. The same code renders the page and, in the browser, what
 * comes after it: the page hands its state over as a {@link LogSnapshot}.
 */

import type { OutputLine } from "../../api/run-schema.ts";
import { STREAMS, type Stream } from "../../core/output.ts";
import { byteCount } from "../words/bytes.ts";
import { LOG_ROWS_MAX } from "./bounds.ts";
import { decodePiece, decodeRest } from "./decode.ts";
import { type EscapeState, readEscapes, TEXT_STATE, type TerminalActions } from "./escapes.ts";
import { OpenLine, type OpenLineSnapshot, type TextRun } from "./open-line.ts";
import { applySgr, classesOf, PLAIN, type Sgr } from "./sgr.ts";

/** A row as it is to be shown. Ids count from 0 without gaps; `note` rows are Mayfly's own words. */
export interface LogRow {
  id: number;
  kind: Stream | "note";
  runs: TextRun[];
}

interface LaneState {
  escapes: EscapeState;
  sgr: Sgr;
  pending: number[];
  /** Offset of the byte to come; null before the first piece. */
  expected: number | null;
}

/** Everything the rows to come depend on, as JSON. */
export interface LogSnapshot {
  attempt: number;
  nextRow: number;
  rowsAreLines: boolean;
  lanes: Record<Stream, LaneState & { line: OpenLineSnapshot | null }>;
}

type Lane = LaneState & { line: OpenLine | null };

const newLane = (): Lane => ({ escapes: TEXT_STATE, sgr: PLAIN, pending: [], expected: null, line: null });

export class LogScreen {
  #attempt = 1;
  #nextRow = 0;
  #rowsAreLines: boolean;
  #lanes: Record<Stream, Lane> = { stdout: newLane(), stderr: newLane() };
  #changed: LogRow[] = [];

  /** @param fromStart the first piece to come is the first that was written */
  constructor(fromStart = true) {
    this.#rowsAreLines = fromStart;
  }

  static restore(snapshot: LogSnapshot): LogScreen {
    const screen = new LogScreen(snapshot.rowsAreLines);
    screen.#attempt = snapshot.attempt;
    screen.#nextRow = snapshot.nextRow;
    for (const stream of STREAMS) {
      const { line, ...lane } = snapshot.lanes[stream];
      screen.#lanes[stream] = { ...lane, line: line && OpenLine.restore(line) };
    }
    return screen;
  }

  snapshot(): LogSnapshot {
    const lane = (stream: Stream) => ({
      ...this.#lanes[stream],
      line: this.#lanes[stream].line?.snapshot() ?? null,
    });
    return {
      attempt: this.#attempt,
      nextRow: this.#nextRow,
      rowsAreLines: this.#rowsAreLines,
      lanes: { stdout: lane("stdout"), stderr: lane("stderr") },
    };
  }

  /** Rows there have been so far; the last one's id is one less. */
  get rowCount(): number {
    return this.#nextRow;
  }

  /**
   * True while each row so far is one line of the output and no line is without one: then a number of rows is a number of
   * lines. A page of much output reads its end alone, and a long line has several rows.
   */
  get rowsAreLines(): boolean {
    return this.#rowsAreLines;
  }

  /** Takes the next piece of output. Returns rows that are new or look otherwise now; new ones in order, at the end. */
  write(piece: OutputLine): LogRow[] {
    if (piece.attempt !== this.#attempt) this.#startAttempt(piece.attempt);
    const lane = this.#lanes[piece.stream];
    const { text, pending, bytes } = decodePiece(lane.pending, piece);
    // A repeated piece, as after a reconnect, is known already.
    if (lane.expected !== null && piece.offset < lane.expected) return this.#takeChanged();
    if (piece.offset > (lane.expected ?? 0)) this.#noteGap(piece, lane);
    lane.expected = piece.offset + bytes;
    lane.pending = pending;
    this.#print(piece.stream, text);
    return this.#takeChanged();
  }

  /** No more output comes: what waited for its rest is shown as it is. */
  end(): LogRow[] {
    for (const stream of STREAMS) {
      const lane = this.#lanes[stream];
      if (lane.pending.length > 0) this.#print(stream, decodeRest(lane.pending));
      lane.pending = [];
    }
    return this.#takeChanged();
  }

  #startAttempt(attempt: number): void {
    this.#attempt = attempt;
    this.#lanes = { stdout: newLane(), stderr: newLane() };
    if (attempt > 1) this.#note(`Attempt ${attempt}`);
  }

  #noteGap(piece: OutputLine, lane: Lane): void {
    const missing = byteCount(piece.offset - (lane.expected ?? 0));
    this.#note(
      lane.expected === null
        ? `${missing} of earlier ${piece.stream} are not shown here`
        : `${missing} of ${piece.stream} are missing here`,
    );
    Object.assign(lane, newLane());
  }

  #note(text: string): void {
    this.#rowsAreLines = false;
    this.#changed.push({ id: this.#nextRow++, kind: "note", runs: [{ text, classes: "" }] });
  }

  #print(stream: Stream, text: string): void {
    const lane = this.#lanes[stream];
    lane.escapes = readEscapes(lane.escapes, text, this.#actions(stream, lane));
    if (lane.line) this.#show(stream, lane.line);
  }

  #actions(stream: Stream, lane: Lane): TerminalActions {
    let classes = classesOf(lane.sgr);
    const line = (): OpenLine => {
      // A row that is no longer kept can not go on.
      if (lane.line && lane.line.rowId < this.#nextRow - LOG_ROWS_MAX) {
        lane.line = null;
        this.#rowsAreLines = false;
      }
      lane.line ??= new OpenLine(this.#nextRow++);
      return lane.line;
    };
    const finish = (): void => {
      this.#show(stream, line());
      lane.line = null;
    };
    return {
      print: (text) => {
        const chars = [...text];
        let written = line().write(chars, 0, classes);
        while (written < chars.length) {
          finish();
          this.#rowsAreLines = false;
          written += line().write(chars, written, classes);
        }
      },
      newline: finish,
      carriageReturn: () => lane.line?.moveTo(0),
      backspace: () => lane.line?.moveBy(-1),
      toColumn: (column) => line().moveTo(column),
      moveBy: (columns) => line().moveBy(columns),
      eraseToEnd: () => lane.line?.eraseToEnd(),
      eraseLine: () => lane.line?.erase(),
      style: (parameters) => {
        lane.sgr = applySgr(lane.sgr, parameters);
        classes = classesOf(lane.sgr);
      },
    };
  }

  #show(stream: Stream, line: OpenLine): void {
    this.#changed.push({ id: line.rowId, kind: stream, runs: line.runs() });
    if (this.#changed.length > 2 * LOG_ROWS_MAX) this.#changed.splice(0, this.#changed.length - LOG_ROWS_MAX);
  }

  #takeChanged(): LogRow[] {
    const changed = this.#changed;
    this.#changed = [];
    return changed;
  }
}
