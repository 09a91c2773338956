/** Schedules as a table, with their next due time and what became of the last; on a narrow screen each row becomes a small card. */

import type { StoredScheduleBody } from "../../api/firing-schema.ts";
import type { RunSummaryBody } from "../../api/run-schema.ts";
import { visible } from "../words/body-text.ts";
import { countWords, lateness, pausedWords } from "../words/firing.ts";
import { schedulePath } from "../words/paths.ts";
import { RunLink } from "./last-run.tsx";
import { OutcomeBadge, PausedBadge } from "./outcome-badge.tsx";
import { Age, ClockTime, Until } from "./times.tsx";

export interface ScheduleTableProps {
  schedules: StoredScheduleBody[];
  /** Of their last firings, by id. */
  runs: Map<string, RunSummaryBody>;
  /** False on the page of the job that they are of. */
  namesJob: boolean;
  nowMs: number;
}

export function ScheduleTable({ schedules, runs, namesJob, nowMs }: ScheduleTableProps) {
  return (
    <table class="list schedules">
      <caption class="unseen">Schedules, by name</caption>
      <thead>
        <tr>
          <th scope="col">Schedule</th>
          <th scope="col">Next due</th>
          <th scope="col">Last due</th>
          <th scope="col">Its run</th>
        </tr>
      </thead>
      <tbody>
        {schedules.map((schedule) => {
          const last = schedule.last_firing;
          const run = last?.run_id ? runs.get(last.run_id) : undefined;
          return (
            <tr>
              <th scope="row" class="what">
                <a href={schedulePath(schedule)}>
                  {namesJob && <span class="of">{`${schedule.job} / `}</span>}
                  {schedule.name}
                </a>
                <span class="about">{visible(schedule.rule)}</span>
              </th>
              <td class="next">
                <span class="label">next due </span>
                <NextDue schedule={schedule} nowMs={nowMs} />
              </td>
              <td class="last">
                {last === null ? (
                  <span class="muted">not due yet</span>
                ) : (
                  <>
                    <OutcomeBadge outcome={last.outcome} />
                    <span class="about">
                      <Age at={last.through} nowMs={nowMs} />
                      {[lateness(last), countWords(last)].map((words) => words !== "" && `, ${words}`)}
                    </span>
                  </>
                )}
              </td>
              <td class="its-run">{run !== undefined && <RunLink run={run} />}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** When it is due, by its own clocks and the reader's; or that it is over; or that it rests, and who has it rest. */
export function NextDue({ schedule, nowMs }: { schedule: StoredScheduleBody; nowMs: number }) {
  if (schedule.is_over) return <span class="muted">over</span>;
  if (schedule.paused_by.length > 0)
    return (
      <>
        <PausedBadge />
        <span class="about">{pausedWords(schedule.paused_by).replace(/^paused /, "")}</span>
      </>
    );
  if (schedule.fly !== null) return <span class="muted">when Fly starts it</span>;
  if (schedule.next_due_at === null) return null;
  return (
    <>
      <Until at={schedule.next_due_at} nowMs={nowMs} />
      <span class="about">
        <ClockTime at={schedule.next_due_at} zone={schedule.timezone} />
      </span>
    </>
  );
}
