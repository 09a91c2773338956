/** Alerts: schedules whose runs did not start in time, jobs that were not heard of, webhooks that are disabled, and jobs that did not start after another. */

import type { AlertBody } from "../../api/alert-schema.ts";
import { visible } from "../words/body-text.ts";
import { jobPath, runPath, schedulePath, webhookPath } from "../words/paths.ts";
import { Age, ClockTime } from "./times.tsx";

const TYPE_WORDS: Record<AlertBody["type"], string> = {
  schedule_late: "Late",
  job_silent: "Silent",
  webhook_disabled: "Disabled",
  chain_stopped: "Chain stopped",
};

export function AlertTable({ alerts, nowMs }: { alerts: AlertBody[]; nowMs: number }) {
  return (
    <table class="list alerts">
      <caption class="unseen">Alerts, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Alert</th>
          <th scope="col">Of</th>
          <th scope="col">Due</th>
          <th scope="col">What</th>
          <th scope="col" class="end">
            Found
          </th>
        </tr>
      </thead>
      <tbody>
        {alerts.map((alert) => (
          <tr>
            <td class="outcome">
              <span class={`badge word ${alert.type}`}>{TYPE_WORDS[alert.type]}</span>
            </td>
            <th scope="row" class="of">
              <AboutLink alert={alert} />
            </th>
            <td class="due">
              <ClockTime at={alert.due_at} zone={null} />
            </td>
            <td class="its-run">
              {visible(alert.detail)}
              {alert.run_id !== null && (
                <>
                  {" "}
                  <a href={runPath(alert.run_id)}>The run</a>
                </>
              )}
            </td>
            <td class="end age">
              <Age at={alert.at} nowMs={nowMs} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AboutLink({ alert: { job, schedule, webhook } }: { alert: AlertBody }) {
  if (job === null)
    return webhook === null ? null : <a href={webhookPath(webhook)}>{`webhook ${webhook}`}</a>;
  if (schedule === null) return <a href={jobPath(job)}>{job}</a>;
  return <a href={schedulePath({ job, name: schedule })}>{visible(`${job} / ${schedule}`)}</a>;
}

/** The last alert about a job or a schedule, where there is one. */
export function LastAlert({ alert, nowMs }: { alert: AlertBody | null; nowMs: number }) {
  if (alert === null) return null;
  return (
    <p class="warning">
      <strong>{`${TYPE_WORDS[alert.type]}: `}</strong>
      {alert.schedule !== null && visible(`${alert.schedule}: `)}
      {visible(`${alert.detail}, `)}
      <Age at={alert.at} nowMs={nowMs} />
      {alert.job !== null && (
        <>
          {". "}
          <a href={`/alerts?job=${encodeURIComponent(alert.job)}`}>All alerts of the job</a>
        </>
      )}
    </p>
  );
}
