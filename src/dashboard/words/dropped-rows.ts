/**
 * Said above the output where it has more rows than a page holds; by the server, and by the script as rows go. A number only
 * where the rows are the lines: what was never read, or is a part of a line, nobody counted.
 */
export function droppedRowsNote({ rows, areLines }: { rows: number; areLines: boolean }): string {
  const what = areLines
    ? `${rows.toLocaleString("en")} earlier ${rows === 1 ? "line is" : "lines are"}`
    : "Earlier output is";
  return `${what} left out here; the raw streams have all of it.`;
}
