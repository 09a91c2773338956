/** A page of a ledger: each due time once, with what became of it. */

import type { FiringBody } from "../../api/firing-schema.ts";
import type { RunSummaryBody } from "../../api/run-schema.ts";
import { visible } from "../words/body-text.ts";
import { countWords, lateness, triggerWords } from "../words/firing.ts";
import { firingId, runPath } from "../words/paths.ts";
import { RunLink } from "./last-run.tsx";
import { OutcomeBadge } from "./outcome-badge.tsx";
import { Age, ClockTime } from "./times.tsx";

export interface FiringTableProps {
  firings: FiringBody[];
  /** By id. */
  runs: Map<string, RunSummaryBody>;
  zone: string | null;
  nowMs: number;
}

export function FiringTable({ firings, runs, zone, nowMs }: FiringTableProps) {
  return (
    <table class="list firings">
      <caption class="unseen">Due times, newest first</caption>
      <thead>
        <tr>
          <th scope="col">{zone === null ? "Due" : `Due, ${zone.replaceAll("_", " ")}`}</th>
          <th scope="col">Outcome</th>
          <th scope="col">Run</th>
          <th scope="col" class="end">
            Late
          </th>
          <th scope="col" class="end">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {firings.map((firing) => (
          <FiringRow firing={firing} runs={runs} zone={zone} nowMs={nowMs} />
        ))}
      </tbody>
    </table>
  );
}

function FiringRow({
  firing,
  runs,
  zone,
  nowMs,
}: { firing: FiringBody } & Omit<FiringTableProps, "firings">) {
  const run = firing.run_id === null ? undefined : runs.get(firing.run_id);
  const [count, trigger] = [countWords(firing), triggerWords(firing)];
  return (
    <tr id={firingId(firing.due_at)}>
      <th scope="row" class="due">
        <ClockTime at={firing.due_at} zone={zone} namesZone={false} />
        {count !== "" && (
          <span class="through">
            {`${count}, through `}
            <ClockTime at={firing.through} zone={zone} namesZone={false} />
          </span>
        )}
      </th>
      <td class="outcome">
        <OutcomeBadge outcome={firing.outcome} />
        {trigger !== "" && <span class="trigger">{trigger}</span>}
      </td>
      <td class="its-run">
        {run !== undefined && <RunLink run={run} />}
        {run === undefined && firing.run_id !== null && <RunIdLink id={firing.run_id} />}
        {firing.why !== null && <span class="why">{visible(firing.why)}</span>}
        {firing.blocked_by !== null && <RunIdLink id={firing.blocked_by} />}
      </td>
      <td class="end num late">
        {lateness(firing).replace(/ late$/, "")}
        {firing.late_ms !== null && <span class="label"> late</span>}
      </td>
      <td class="end age">
        {Date.parse(firing.due_at) <= nowMs && <Age at={firing.due_at} nowMs={nowMs} />}
      </td>
    </tr>
  );
}

function RunIdLink({ id }: { id: string }) {
  return (
    <a class="id" href={runPath(id)}>
      {id}
    </a>
  );
}
