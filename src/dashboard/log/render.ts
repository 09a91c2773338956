/** Stored output as the rows of a page, with what its script needs to go on from there. */

import type { OutputLine } from "../../api/run-schema.ts";
import { LOG_ROWS_MAX } from "./bounds.ts";
import { type LogRow, LogScreen, type LogSnapshot } from "./screen.ts";

export interface RenderedLog {
  /** The newest rows, in order; ids without gaps. */
  rows: LogRow[];
  /** Rows before them that a page does not hold. */
  droppedRows: number;
  snapshot: LogSnapshot;
}

/** @param ended no more output comes, so that a character whose rest is missing is shown as it is */
export function renderLog(lines: OutputLine[], ended: boolean): RenderedLog {
  const screen = new LogScreen();
  // Rows keep their place when they change: a Map's order is that of first insertion, here the order of ids.
  const rows = new Map<number, LogRow>();
  const keep = (changed: LogRow[]): void => {
    const oldest = screen.rowCount - LOG_ROWS_MAX;
    for (const row of changed) if (row.id >= oldest) rows.set(row.id, row);
    for (const id of rows.keys()) {
      if (id >= oldest) break;
      rows.delete(id);
    }
  };
  for (const line of lines) keep(screen.write(line));
  if (ended) keep(screen.end());
  return { rows: [...rows.values()], droppedRows: screen.rowCount - rows.size, snapshot: screen.snapshot() };
}
