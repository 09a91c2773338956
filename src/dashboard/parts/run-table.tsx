/** The list of runs as a table; on a narrow screen each row becomes a small card. */

import type { RunListBody, RunSummaryBody } from "../../api/run-schema.ts";
import { builtChange } from "../../core/built-change.ts";
import { isFinal } from "../../core/run.ts";
import { builtLine } from "../words/built.ts";
import { shortReason, shortWaiting } from "../words/outcome.ts";
import { runTitle, shortImage } from "../words/what-runs.ts";
import { StatusBadge } from "./status-badge.tsx";
import { Age, Duration } from "./times.tsx";

export function RunTable({ runs, nowMs }: { runs: RunListBody["runs"]; nowMs: number }) {
  return (
    <table class="list runs">
      <caption class="unseen">Runs, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Run</th>
          <th scope="col">Image</th>
          <th scope="col" class="end">
            Took
          </th>
          <th scope="col" class="end">
            Accepted
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow run={run} nowMs={nowMs} />
        ))}
      </tbody>
    </table>
  );
}

function RunRow({ run, nowMs }: { run: RunSummaryBody; nowMs: number }) {
  const reason = isFinal(run.status)
    ? shortReason(run)
    : run.cancel_requested_at
      ? "being cancelled"
      : run.status === "retrying"
        ? shortReason(run)
        : shortWaiting(run.waiting);
  const change = builtChange(run);
  return (
    <tr>
      <td class="status">
        <StatusBadge status={run.status} />
        {reason !== "" && <span class="reason">{reason}</span>}
      </td>
      <th scope="row" class="what">
        <a
          href={`/runs/${encodeURIComponent(run.id)}`}
          class={run.name === null && run.job === null ? "code" : ""}
        >
          <bdi>{runTitle(run)}</bdi>
        </a>
        {change !== null && (
          <span class="about">
            <bdi>{builtLine(change)}</bdi>
          </span>
        )}
        <span class="id">{run.id}</span>
      </th>
      <td class="image">
        <bdi title={run.image}>{shortImage(run.image)}</bdi>
      </td>
      <td class="end took">
        <Duration from={run.accepted_at} to={run.settled_at} nowMs={nowMs} />
      </td>
      <td class="end age">
        <Age at={run.accepted_at} nowMs={nowMs} />
      </td>
    </tr>
  );
}
