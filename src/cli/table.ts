/** Tables for people. */

import { plain } from "./plain.ts";

const GAP = "  ";

/**
 * Rows under a header, columns aligned, cells escaped. With a width the last column is cut where a line would wrap.
 * @param width of the terminal, or null for no bound
 */
export function table(header: string[], rows: string[][], width: number | null = null): string {
  const lines = [header, ...rows.map((row) => row.map(plain))];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => lengthOf(line[column] ?? ""))));
  return lines.map((line) => `${cut(aligned(line, widths), width)}\n`).join("");
}

/** Labels and values, one pair a line; a value of null leaves its line out. */
export function facts(pairs: [label: string, value: string | null][]): string {
  const shown = pairs.filter((pair): pair is [string, string] => pair[1] !== null);
  const width = Math.max(0, ...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${label.padEnd(width)}${GAP}${plain(value)}\n`).join("");
}

function aligned(line: string[], widths: number[]): string {
  return line
    .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - lengthOf(cell))))
    .join(GAP)
    .trimEnd();
}

function cut(line: string, width: number | null): string {
  const chars = [...line];
  return width === null || chars.length <= width
    ? line
    : `${chars.slice(0, Math.max(1, width - 1)).join("")}…`;
}

function lengthOf(cell: string): number {
  return [...cell].length;
}
