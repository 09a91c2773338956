/** A line that is still being written: characters with their look, and a cursor that can go back over them. */

import { LOG_COLUMN_MAX, LOG_ROW_MAX_CHARS } from "./bounds.ts";

/** Text of one look; `classes` is "" for the plain one. */
export interface TextRun {
  text: string;
  classes: string;
}

export interface OpenLineSnapshot {
  rowId: number;
  cursor: number;
  runs: TextRun[];
}

export class OpenLine {
  readonly rowId: number;
  readonly #chars: string[] = [];
  readonly #classes: string[] = [];
  #cursor = 0;

  constructor(rowId: number) {
    this.rowId = rowId;
  }

  static restore(snapshot: OpenLineSnapshot): OpenLine {
    const line = new OpenLine(snapshot.rowId);
    for (const run of snapshot.runs) line.write([...run.text], 0, run.classes);
    line.#cursor = snapshot.cursor;
    return line;
  }

  snapshot(): OpenLineSnapshot {
    return { rowId: this.rowId, cursor: this.#cursor, runs: this.runs() };
  }

  /** Writes characters over what is there, or behind it. Returns how many of them it took before the row was full. */
  write(chars: string[], from: number, classes: string): number {
    const count = Math.min(chars.length - from, LOG_ROW_MAX_CHARS - this.#cursor);
    for (let i = 0; i < count; i++) {
      this.#chars[this.#cursor] = chars[from + i] ?? "";
      this.#classes[this.#cursor] = classes;
      this.#cursor++;
    }
    return count;
  }

  /** Moves the cursor to a column; right of the text there are blanks, within a bound. */
  moveTo(column: number): void {
    const limit = Math.max(this.#chars.length, LOG_COLUMN_MAX);
    const target = Math.min(Math.max(0, column), limit);
    while (this.#chars.length < target) {
      this.#chars.push(" ");
      this.#classes.push("");
    }
    this.#cursor = target;
  }

  moveBy(columns: number): void {
    this.moveTo(this.#cursor + columns);
  }

  eraseToEnd(): void {
    this.#chars.length = this.#classes.length = this.#cursor;
  }

  /** Empties the line. The cursor goes to its start, where programs put it anyway before they write the line anew. */
  erase(): void {
    this.#cursor = 0;
    this.eraseToEnd();
  }

  runs(): TextRun[] {
    const runs: TextRun[] = [];
    let from = 0;
    for (let i = 1; i <= this.#chars.length; i++) {
      const classes = this.#classes[from] ?? "";
      if (i < this.#chars.length && this.#classes[i] === classes) continue;
      runs.push({ text: this.#chars.slice(from, i).join(""), classes });
      from = i;
    }
    return runs;
  }
}
