/** What is different between two versions of a job, path by path. */

import type { JobDiffBody } from "../../api/job-schema.ts";
import { visible } from "../words/body-text.ts";
import { yamlText } from "../words/definition-text.ts";
import { jobPath } from "../words/paths.ts";

/** A value is shown up to this many characters: a script that changed need not fill the page. */
const VALUE_MAX_CHARS = 4000;

export function DiffTable({ diff: { from, to, changes, is_whole: isWhole } }: { diff: JobDiffBody }) {
  if (changes.length === 0)
    return (
      <section class="card">
        <p class="empty">The two say the same.</p>
      </section>
    );
  return (
    <section class="card flush" aria-label="Changes">
      <table class="list diff">
        <caption class="unseen">Changes, by path</caption>
        <thead>
          <tr>
            <th scope="col">Path</th>
            <th scope="col">{`Version ${from}`}</th>
            <th scope="col">{`Version ${to}`}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr>
              <th scope="row" class="path">
                <code>
                  <bdi>{visible(change.path)}</bdi>
                </code>
              </th>
              <td class="from">
                <Value of={change.from} version={from} />
              </td>
              <td class="to">
                <Value of={change.to} version={to} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!isWhole && <p class="empty">There are more changes than a page shows.</p>}
    </section>
  );
}

function Value({ of, version }: { of: unknown; version: number }) {
  const text = of === undefined ? null : yamlText(of);
  return (
    <>
      <span class="label">{`version ${version}`}</span>
      {text === null ? (
        <span class="muted">not there</span>
      ) : (
        <pre>{text.length > VALUE_MAX_CHARS ? `${text.slice(0, VALUE_MAX_CHARS)}\n…` : text}</pre>
      )}
    </>
  );
}

export function CompareForm({ name, from, to }: { name: string; from: number; to: number }) {
  return (
    <form class="compare" method="get" action={`${jobPath(name)}/diff`}>
      <label>
        Compare version <input type="number" name="from" min="1" required value={String(from)} />
      </label>
      <label>
        with <input type="number" name="to" min="1" required value={String(to)} />
      </label>
      <button class="plain" type="submit">
        Compare
      </button>
    </form>
  );
}
