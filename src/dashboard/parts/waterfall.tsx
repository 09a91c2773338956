/** The phases of a run as bars on one scale. Widths are SVG attributes: the page's policy allows no inline styles. */

import type { AttemptBody, RunBody } from "../../api/run-schema.ts";
import { elapsed, elapsedSoFar, exactTime } from "../words/elapsed.ts";
import { attemptEnd } from "../words/outcome.ts";
import { type Phase, phasesOf } from "../words/phases.ts";
import { machineSize } from "../words/what-runs.ts";

/** Percent of the width below which a bar could not be seen. */
const BAR_MIN = 0.6;

export function Waterfall({ run, nowMs }: { run: RunBody; nowMs: number }) {
  const attempts = run.attempts.length > 0 ? run.attempts : [null];
  const groups = attempts.map((attempt) => ({ attempt, phases: phasesOf(run, attempt, nowMs) }));
  const startMs = Date.parse(run.accepted_at);
  const totalMs = Math.max(
    1,
    ...groups.flatMap(({ phases }) => phases.map((phase) => phase.endMs - startMs)),
  );
  return (
    <table class="waterfall">
      <caption class="unseen">Time of each phase</caption>
      <thead class="unseen">
        <tr>
          <th scope="col">Phase</th>
          <th scope="col">When</th>
          <th scope="col">Took</th>
        </tr>
      </thead>
      {groups.map(({ attempt, phases }) => (
        <tbody>
          {groups.length > 1 && (
            <tr>
              <th colspan={3} scope="rowgroup" class="attempt">
                {attempt && attemptTitle(attempt)}
              </th>
            </tr>
          )}
          {phases.map((phase) => (
            <PhaseRow phase={phase} startMs={startMs} totalMs={totalMs} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

/** "Attempt 2: exit code 9, on shared-cpu-1x, 512 MB, in fra". */
function attemptTitle(attempt: AttemptBody): string {
  const end = attemptEnd(attempt);
  const region = attempt.region ?? attempt.asked_region;
  return `Attempt ${attempt.number}${end === "" ? "" : `: ${end}`}, on ${machineSize(attempt.machine)}${region === null ? "" : `, in ${region}`}`;
}

function PhaseRow({ phase, startMs, totalMs }: { phase: Phase; startMs: number; totalMs: number }) {
  const tookMs = phase.endMs - phase.startMs;
  const width = Math.max(BAR_MIN, (100 * tookMs) / totalMs);
  const x = Math.min(100 - width, (100 * (phase.startMs - startMs)) / totalMs);
  const since = new Date(phase.startMs).toISOString();
  return (
    <tr
      title={`${phase.name}: from ${exactTime(since)}${phase.open ? "" : ` to ${exactTime(new Date(phase.endMs).toISOString())}`}`}
    >
      <th scope="row">{phase.name}</th>
      <td>
        <svg class="bar" width="100%" height="10" aria-hidden="true">
          <rect class="rail" x="0" y="4" width="100%" height="2" rx="1" />
          <rect
            class={`${phase.kind}${phase.open ? " open" : ""}`}
            x={`${x.toFixed(2)}%`}
            y="0"
            width={`${width.toFixed(2)}%`}
            height="10"
            rx="2"
          />
        </svg>
      </td>
      <td class="num end">
        {phase.open ? <span data-since={since}>{elapsedSoFar(tookMs)}</span> : elapsed(tookMs)}
      </td>
    </tr>
  );
}
