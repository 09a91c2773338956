/**
 * Turns a run's output into rows, as a terminal would, one stream apart from the other: a line that a stream left open
 * goes on where it was, whatever the other stream wrote meanwhile. The same code renders the page and, in the browser, what
 * comes after it: the page hands its state over as a {@link LogSnapshot}.
 */

import type { OutputLine, OutputStep } from "../../api/run-schema.ts";
import { STREAMS, type Stream } from "../../core/output.ts";
import { partsOf } from "../../core/step/sections.ts";
import { visible } from "../words/body-text.ts";
import { byteCount } from "../words/bytes.ts";
import { LOG_ROWS_MAX } from "./bounds.ts";
import { bytesOf, decodePiece, decodeRest, type PieceBytes } from "./decode.ts";
import { type EscapeState, readEscapes, TEXT_STATE, type TerminalActions } from "./escapes.ts";
import { OpenLine, type OpenLineSnapshot, type TextRun } from "./open-line.ts";
import { applySgr, classesOf, PLAIN, type Sgr } from "./sgr.ts";

/** A row as it is to be shown. Ids count from 0 without gaps; `note` rows are Mayfly's own words, `step` rows the names of steps. */
export interface LogRow {
  id: number;
  kind: Stream | "note" | "step";
  runs: TextRun[];
}

/** What is known of a step that has begun: where its sections are. */
export type LogStep = Pick<OutputStep, "attempt" | "number" | "name" | "stdout" | "stderr">;

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
  steps: LogStep[];
  /** The step whose heading was the last; null before the first. */
  step: number | null;
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
  #steps: LogStep[] = [];
  #step: number | null = null;

  /** @param fromStart the first piece to come is the first that was written */
  constructor(fromStart = true) {
    this.#rowsAreLines = fromStart;
  }

  static restore(snapshot: LogSnapshot): LogScreen {
    const screen = new LogScreen(snapshot.rowsAreLines);
    screen.#attempt = snapshot.attempt;
    screen.#nextRow = snapshot.nextRow;
    screen.#steps = snapshot.steps;
    screen.#step = snapshot.step;
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
      steps: this.#steps,
      step: this.#step,
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

  /** Takes note of where a step's sections are. What they have gets its name as a heading. */
  know({ attempt, number, name, stdout, stderr }: LogStep): void {
    if (stdout === null) return;
    const others = this.#steps.filter((step) => step.attempt !== attempt || step.number !== number);
    const all = [...others, { attempt, number, name: visible(name), stdout, stderr }];
    this.#steps = all.sort((a, b) => a.attempt - b.attempt || a.number - b.number);
  }

  /** Takes the next piece of output. Returns rows that are new or look otherwise now; new ones in order, at the end. */
  write(piece: OutputLine): LogRow[] {
    if (piece.attempt !== this.#attempt) this.#startAttempt(piece.attempt);
    const { expected } = this.#lanes[piece.stream];
    // A repeated piece, as after a reconnect, is known already.
    if (expected !== null && piece.offset < expected) return this.#takeChanged();
    const whole = bytesOf(piece);
    const parts = partsOf(this.#sections(piece.stream), piece.offset, piece.offset + whole.bytes.length);
    for (const { step, from, to } of parts) {
      if (step !== null && step !== this.#step) this.#startStep(step);
      const isWhole = parts.length === 1;
      const part = isWhole
        ? whole
        : { bytes: whole.bytes.subarray(from - piece.offset, to - piece.offset), text: null };
      this.#writePart(piece.stream, from, part);
    }
    return this.#takeChanged();
  }

  #writePart(stream: Stream, offset: number, part: PieceBytes): void {
    const lane = this.#lanes[stream];
    if (offset > (lane.expected ?? 0)) this.#noteGap(stream, offset, lane);
    const { text, pending, bytes } = decodePiece(lane.pending, part);
    lane.expected = offset + bytes;
    lane.pending = pending;
    this.#print(stream, text);
  }

  #sections(stream: Stream) {
    return this.#steps.flatMap((step) => {
      const section = step[stream];
      return step.attempt !== this.#attempt || section === null ? [] : [{ number: step.number, ...section }];
    });
  }

  /** No more output comes: what waited for its rest is shown as it is. */
  end(): LogRow[] {
    this.#showPending();
    return this.#takeChanged();
  }

  #showPending(): void {
    for (const stream of STREAMS) {
      const lane = this.#lanes[stream];
      if (lane.pending.length > 0) this.#print(stream, decodeRest(lane.pending));
      lane.pending = [];
    }
  }

  #startAttempt(attempt: number): void {
    this.#attempt = attempt;
    this.#lanes = { stdout: newLane(), stderr: newLane() };
    this.#step = null;
    if (attempt > 1) this.#note(`Attempt ${attempt}`);
  }

  /** Each step begins on a line of its own, in plain letters. */
  #startStep(number: number): void {
    this.#showPending();
    for (const stream of STREAMS)
      this.#lanes[stream] = { ...newLane(), expected: this.#lanes[stream].expected };
    const step = this.#steps.find((each) => each.attempt === this.#attempt && each.number === number);
    // What was held back of a step, as it could have become a secret, comes when another one writes.
    const again = this.#step !== null && number < this.#step ? ", continued" : "";
    this.#step = number;
    this.#note(`${step?.name}${again}`, "step");
  }

  #noteGap(stream: Stream, offset: number, lane: Lane): void {
    const missing = byteCount(offset - (lane.expected ?? 0));
    this.#note(
      lane.expected === null
        ? `${missing} of earlier ${stream} are not shown here`
        : `${missing} of ${stream} are missing here`,
    );
    Object.assign(lane, newLane());
  }

  #note(text: string, kind: LogRow["kind"] = "note"): void {
    this.#rowsAreLines = false;
    this.#changed.push({ id: this.#nextRow++, kind, runs: [{ text, classes: "" }] });
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
