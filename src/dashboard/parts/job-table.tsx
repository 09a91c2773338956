/** Jobs as a table, with what comes next and what came last; on a narrow screen each row becomes a small card. */

import type { ListedJob } from "../job-ports.ts";
import { visible } from "../words/body-text.ts";
import { jobPath } from "../words/paths.ts";
import { LastRun } from "./last-run.tsx";
import { PausedBadge } from "./outcome-badge.tsx";
import { Until } from "./times.tsx";

export function JobTable({ jobs, nowMs }: { jobs: ListedJob[]; nowMs: number }) {
  return (
    <table class="list jobs">
      <caption class="unseen">Jobs, by name</caption>
      <thead>
        <tr>
          <th scope="col">Job</th>
          <th scope="col">Version</th>
          <th scope="col">Next due</th>
          <th scope="col">Last run</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr>
            <th scope="row" class="what">
              <a href={jobPath(job.name)}>{job.name}</a>
              {job.paused_at !== null && <PausedBadge />}
              {job.description !== null && (
                <span class="about">
                  <bdi>{visible(job.description)}</bdi>
                </span>
              )}
            </th>
            <td class="version">
              <span class="label">version </span>
              {job.version}
            </td>
            <td class="next">
              <NextDue job={job} nowMs={nowMs} />
            </td>
            <td class="last">
              <LastRun run={job.last_run} nowMs={nowMs} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NextDue({ job, nowMs }: { job: ListedJob; nowMs: number }) {
  const { next_due_at: next, schedules, resting, is_started_by_fly: isStartedByFly } = job;
  if (schedules === 0) return <span class="muted">no schedule</span>;
  const paused = resting === 0 ? "" : `${resting === schedules ? "" : `${resting} `}paused`;
  return (
    <>
      {next === null ? (
        <span class="muted">
          {isStartedByFly ? "when Fly starts it" : resting === schedules ? "" : "not any more"}
        </span>
      ) : (
        <>
          <span class="label">due </span>
          <Until at={next} nowMs={nowMs} />
        </>
      )}
      <span class="about">
        {`${schedules === 1 ? "1 schedule" : `${schedules} schedules`}${paused === "" ? "" : `, ${paused}`}`}
      </span>
    </>
  );
}
