/** The top of a job's page: what it is called, whether it rests, and the button for that. */

import type { ShownJobBody } from "../../api/job-schema.ts";
import { visible } from "../words/body-text.ts";
import { jobPath, versionPath } from "../words/paths.ts";
import { PausedBadge } from "./outcome-badge.tsx";
import { Age } from "./times.tsx";

export function JobHead({ job, nowMs }: { job: ShownJobBody; nowMs: number }) {
  const isPaused = job.paused_at !== null;
  return (
    <section class="run-head" aria-labelledby="job-title">
      <p class="crumbs">
        <a href="/jobs">Jobs</a>
      </p>
      <div class="title">
        <h1 id="job-title">{job.name}</h1>
        <form method="post" action={`${jobPath(job.name)}/${isPaused ? "resume" : "pause"}`}>
          <button class={isPaused ? "" : "plain"} type="submit" id="pause">
            {isPaused ? "Resume job" : "Pause job"}
          </button>
        </form>
      </div>
      {job.description !== null && (
        <p class="description">
          <bdi>{visible(job.description)}</bdi>
        </p>
      )}
      <div class="state">
        {isPaused && <PausedBadge />}
        <span class="muted">
          <a href={versionPath(job.name, job.version)}>{`Version ${job.version}`}</a>
          {" put "}
          <Age at={job.updated_at} nowMs={nowMs} />
        </span>
      </div>
      {job.paused_at !== null && (
        <p class="detail">
          Paused <Age at={job.paused_at} nowMs={nowMs} />: its schedules rest. Whoever asks for a run still
          gets one.
        </p>
      )}
    </section>
  );
}
