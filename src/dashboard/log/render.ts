/** Stored output as the rows of a page, with what its script needs to go on from there. */

import type { OutputLine } from "../../api/run-schema.ts";
import { LOG_ROWS_MAX } from "./bounds.ts";
import { type LogRow, LogScreen, type LogSnapshot, type LogStep } from "./screen.ts";

export interface RenderedLog {
  /** The newest rows, in order; ids without gaps. */
  rows: LogRow[];
  /** What comes before them and is not on the page: rows, and whether they are the lines; null where all is on the page. */
  dropped: { rows: number; areLines: boolean } | null;
  snapshot: LogSnapshot;
}

/**
 * @param ended no more output comes, so that a character whose rest is missing is shown as it is
 * @param fromStart nothing was written before the first line
 * @param steps those whose names are to stand above what they wrote
 */
export function renderLog(
  lines: OutputLine[],
  ended: boolean,
  fromStart = true,
  steps: LogStep[] = [],
): RenderedLog {
  const screen = new LogScreen(fromStart);
  for (const step of steps) screen.know(step);
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
  const droppedRows = screen.rowCount - rows.size;
  return {
    rows: [...rows.values()],
    dropped: droppedRows === 0 && fromStart ? null : { rows: droppedRows, areLines: screen.rowsAreLines },
    snapshot: screen.snapshot(),
  };
}
