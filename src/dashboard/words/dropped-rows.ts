/** Said above the output where it has more rows than a page holds; by the server, and by the script as rows go. */
export function droppedRowsNote(count: number): string {
  return `${count.toLocaleString("en")} earlier ${count === 1 ? "line is" : "lines are"} left out here; the raw streams have all of them.`;
}
