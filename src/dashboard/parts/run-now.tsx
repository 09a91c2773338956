/** The form that runs a job, with an input where it takes one. */

import type { ShownJobBody } from "../../api/job-schema.ts";
import { INPUT_MAX_BYTES } from "../../core/limits.ts";
import { visible } from "../words/body-text.ts";
import { jobPath } from "../words/paths.ts";

export interface RunNowProps {
  job: ShownJobBody;
  /** Sent with the form: the same word twice is one order. */
  once: string;
  /** What stands in the form. */
  input: string;
  /** Why the form was refused; null where it was not. */
  complaint: string | null;
}

/** Lines of the field: as many as its text has, within reason. */
const ROWS_MIN = 3;
const ROWS_MAX = 16;

export function RunNow({ job, once, input, complaint }: RunNowProps) {
  const rows = Math.min(ROWS_MAX, Math.max(ROWS_MIN, input.split("\n").length));
  return (
    <section class="card run-now" id="run-now" aria-labelledby="run-now-title">
      <h2 id="run-now-title">Run it now</h2>
      {complaint !== null && (
        <p class="problem" role="alert" id="complaint">
          <bdi>{visible(complaint)}</bdi>
        </p>
      )}
      <form method="post" action={`${jobPath(job.name)}/run`}>
        <input type="hidden" name="once" value={once} />
        <details open={complaint !== null || job.input_schema !== null}>
          <summary>Input</summary>
          <label for="input" class="muted">
            {job.input_schema === null
              ? "JSON, which the command finds in MAYFLY_INPUT"
              : "JSON as the job's input_schema has it; the command finds it in MAYFLY_INPUT"}
          </label>
          <textarea
            id="input"
            name="input"
            rows={rows}
            maxlength={INPUT_MAX_BYTES}
            spellcheck={false}
            autocomplete="off"
            aria-invalid={complaint === null ? undefined : "true"}
            aria-describedby={complaint === null ? undefined : "complaint"}
          >
            {`\n${input}`}
          </textarea>
        </details>
        <button type="submit" id="run">
          Run now
        </button>
      </form>
    </section>
  );
}
