import type { LogRow } from "./screen.ts";

/** The class of a row's element. */
export function rowClass(row: LogRow): string {
  return row.kind === "stdout" ? "row" : `row ${row.kind}`;
}

/** Below the heading of the output. */
export const STEP_LEVEL = "3";
