/** A run's output: what is stored as the server rendered it, and what the script needs to go on live. */

import { raw } from "hono/html";
import type { RunBody } from "../../api/run-schema.ts";
import { OUTPUT_MAX_BYTES } from "../../core/limits.ts";
import { isFinal } from "../../core/run.ts";
import type { RenderedLog } from "../log/render.ts";
import { rowsHtml } from "../log/rows-html.ts";
import type { StoredOutput } from "../ports.ts";
import { byteCount } from "../words/bytes.ts";
import { droppedRowsNote } from "../words/dropped-rows.ts";

export interface OutputPanelProps {
  run: RunBody;
  stored: StoredOutput;
  log: RenderedLog;
}

export function OutputPanel({ run, stored, log }: OutputPanelProps) {
  if (run.capture === "none")
    return (
      <section class="card output" aria-labelledby="output-title">
        <h2 id="output-title">Output</h2>
        <p class="muted">
          This run's output is not captured (<code>capture: "none"</code>): the image runs as it is, and only
          how it ended is known.
        </p>
      </section>
    );
  const live = !isFinal(run.status);
  return (
    <section class="card output" aria-labelledby="output-title">
      <div class="toolbar">
        <h2 id="output-title">Output</h2>
        {live && (
          <span id="live-state" class="live" hidden>
            connecting
          </span>
        )}
        <span class="legend">stderr</span>
        <label class="wrap">
          <input type="checkbox" id="wrap" checked /> Wrap
        </label>
        <span class="raw">
          Raw: <a href={`/runs/${run.id}/output/stdout`}>stdout</a>{" "}
          <a href={`/runs/${run.id}/output/stderr`}>stderr</a>
        </span>
      </div>
      <p class="dropped-rows" id="dropped-rows" hidden={log.dropped === null}>
        {log.dropped && droppedRowsNote(log.dropped)}
      </p>
      <section
        class="log"
        id="log"
        tabindex={0}
        aria-labelledby="output-title"
        {...(live ? following(run, stored, log) : {})}
      >
        {raw(rowsHtml(log.rows))}
      </section>
      <OutputNotes run={run} empty={log.snapshot.nextRow === 0} />
    </section>
  );
}

/** What is there to say about output that is not there; changes with the run. */
export function OutputNotes({ run, empty }: { run: RunBody; empty: boolean }) {
  const { dropped_bytes: dropped, complete } = run.output;
  return (
    <div class="notes" id="output-notes" data-part>
      {empty && (
        <p class="muted" id="no-output">
          {isFinal(run.status) ? "Nothing was written." : "Nothing written yet."}
        </p>
      )}
      {dropped > 0 && (
        <p class="warning">
          {`${byteCount(dropped)} more were written and not kept: a run's output is kept up to ${byteCount(OUTPUT_MAX_BYTES)}.`}
        </p>
      )}
      {isFinal(run.status) && !complete && (
        <p class="warning">Output may be missing: the machine was gone before all of it was fetched.</p>
      )}
    </div>
  );
}

function following(run: RunBody, stored: StoredOutput, log: RenderedLog): Record<string, string> {
  return {
    "data-live": `/runs/${run.id}/live`,
    "data-after": stored.position ?? "",
    "data-snapshot": JSON.stringify(log.snapshot),
  };
}
