/**
 * The output panel in the browser. Rows are made of text nodes and elements with classes, never of markup, so that nothing
 * a job writes is read as anything but text.
 */

import type { OutputLine } from "../../api/run-schema.ts";
import { LOG_ROWS_MAX } from "../log/bounds.ts";
import { rowClass, STEP_LEVEL } from "../log/row-class.ts";
import { type LogRow, LogScreen, type LogSnapshot, type LogStep } from "../log/screen.ts";
import { droppedRowsNote } from "../words/dropped-rows.ts";

/** Within this many pixels of its end the panel counts as being at its end, and stays there. */
const AT_END_PX = 24;
/** A hidden tab draws nothing by itself; its rows are taken over this often. */
const HIDDEN_FLUSH_MS = 500;

export class LogView {
  readonly #panel: HTMLElement;
  readonly #screen: LogScreen;
  readonly #elements = new Map<number, HTMLElement>();
  readonly #changed = new Map<number, LogRow>();
  #scheduled = false;

  /** Goes on where the server's rendering ended. */
  constructor(panel: HTMLElement) {
    this.#panel = panel;
    this.#screen = LogScreen.restore(JSON.parse(panel.dataset.snapshot ?? "") as LogSnapshot);
    const rows = [...panel.children] as HTMLElement[];
    rows.forEach((element, index) => {
      this.#elements.set(this.#screen.rowCount - rows.length + index, element);
    });
  }

  know(step: LogStep): void {
    this.#screen.know(step);
  }

  write(line: OutputLine): void {
    this.#take(this.#screen.write(line));
  }

  end(): void {
    this.#take(this.#screen.end());
  }

  #take(rows: LogRow[]): void {
    const oldest = this.#screen.rowCount - LOG_ROWS_MAX;
    for (const row of rows) if (row.id >= oldest) this.#changed.set(row.id, row);
    for (const id of this.#changed.keys()) {
      if (id >= oldest) break;
      this.#changed.delete(id);
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    const flush = (): void => this.#flush();
    if (document.hidden) setTimeout(flush, HIDDEN_FLUSH_MS);
    else requestAnimationFrame(flush);
  }

  #flush(): void {
    this.#scheduled = false;
    const panel = this.#panel;
    const atEnd = panel.scrollHeight - panel.scrollTop - panel.clientHeight <= AT_END_PX;
    const added = document.createDocumentFragment();
    for (const row of this.#changed.values()) {
      const element = this.#elements.get(row.id);
      if (element) element.replaceChildren(...row.runs.map(runNode));
      else added.append(this.#newElement(row));
    }
    this.#changed.clear();
    panel.append(added);
    this.#dropOldest();
    if (atEnd) panel.scrollTop = panel.scrollHeight;
  }

  #newElement(row: LogRow): HTMLElement {
    const element = document.createElement("div");
    element.className = rowClass(row);
    if (row.kind === "step") {
      element.setAttribute("role", "heading");
      element.setAttribute("aria-level", STEP_LEVEL);
    }
    element.append(...row.runs.map(runNode));
    this.#elements.set(row.id, element);
    return element;
  }

  /** Removes rows past the bound. What the reader looks at stays where it is: browsers anchor the scroll position. */
  #dropOldest(): void {
    const oldest = this.#screen.rowCount - LOG_ROWS_MAX;
    let dropped = false;
    for (const [id, element] of this.#elements) {
      if (id >= oldest) break;
      element.remove();
      this.#elements.delete(id);
      dropped = true;
    }
    const note = document.getElementById("dropped-rows");
    if (!dropped || !note) return;
    note.hidden = false;
    note.textContent = droppedRowsNote({
      rows: this.#screen.rowCount - this.#elements.size,
      areLines: this.#screen.rowsAreLines,
    });
  }
}

function runNode(run: LogRow["runs"][number]): Node {
  if (run.classes === "") return document.createTextNode(run.text);
  const span = document.createElement("span");
  span.className = run.classes;
  span.textContent = run.text;
  return span;
}
