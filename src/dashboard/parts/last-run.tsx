/** A run in a row about something else: how it stands, and when it was accepted. */

import type { RunSummaryBody } from "../../api/run-schema.ts";
import { isFinal } from "../../core/run.ts";
import { shortReason } from "../words/outcome.ts";
import { runPath } from "../words/paths.ts";
import { StatusBadge } from "./status-badge.tsx";
import { Age } from "./times.tsx";

export function LastRun({ run, nowMs }: { run: RunSummaryBody | null; nowMs: number }) {
  if (run === null) return <span class="muted">no run yet</span>;
  return (
    <>
      <RunLink run={run} />
      <span class="about">
        <Age at={run.accepted_at} nowMs={nowMs} />
      </span>
    </>
  );
}

/** A run's status, which leads to it. */
export function RunLink({ run }: { run: RunSummaryBody }) {
  const reason = isFinal(run.status) ? shortReason(run) : "";
  return (
    <a class="run" href={runPath(run.id)} title={run.id}>
      <StatusBadge status={run.status} />
      {reason !== "" && <span class="why">{reason}</span>}
    </a>
  );
}
