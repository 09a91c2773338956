/** Rows as HTML. Everything in them but the markup itself is escaped here; the browser's script builds the same elements. */

import { rowClass, STEP_LEVEL } from "./row-class.ts";
import type { LogRow } from "./screen.ts";

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function rowsHtml(rows: Iterable<LogRow>): string {
  let html = "";
  for (const row of rows) {
    const role = row.kind === "step" ? ` role="heading" aria-level="${STEP_LEVEL}"` : "";
    html += `<div class="${rowClass(row)}"${role}>${row.runs.map(runHtml).join("")}</div>`;
  }
  return html;
}

function runHtml(run: LogRow["runs"][number]): string {
  const text = run.text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? "");
  return run.classes === "" ? text : `<span class="${run.classes}">${text}</span>`;
}
