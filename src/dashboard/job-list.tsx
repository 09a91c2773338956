/** The page with all jobs, by name. */

import { Hono } from "hono";
import type { ListedJobs } from "./job-ports.ts";
import { JobTable } from "./parts/job-table.tsx";
import { Layout } from "./parts/layout.tsx";
import { Pages } from "./parts/pages.tsx";
import type { DashboardPorts } from "./ports.ts";

export function jobListPage(ports: DashboardPorts): Hono {
  return new Hono().get("/jobs", async (c) => {
    const cursor = c.req.query("cursor") ?? null;
    const found = await ports.listJobs(cursor);
    const origin = new URL(c.req.url).origin;
    return c.html(<JobListPage found={found} cursor={cursor} nowMs={ports.now()} origin={origin} />);
  });
}

interface JobListProps {
  found: ListedJobs;
  cursor: string | null;
  nowMs: number;
  origin: string;
}

function JobListPage({ found: { jobs, next_cursor: next }, cursor, nowMs, origin }: JobListProps) {
  return (
    <Layout title="Jobs" nowMs={nowMs} signedIn={true}>
      <div class="page-head">
        <h1>Jobs</h1>
      </div>
      {jobs.length === 0 && cursor === null ? (
        <FirstJob origin={origin} />
      ) : (
        <section class="card flush" aria-label="Jobs">
          {jobs.length === 0 ? <p class="empty">No more jobs.</p> : <JobTable jobs={jobs} nowMs={nowMs} />}
          <Pages
            first={cursor === null ? null : "/jobs"}
            next={next === null ? null : { href: `/jobs?cursor=${encodeURIComponent(next)}`, word: "Next" }}
          />
        </section>
      )}
    </Layout>
  );
}

/** What there is to see before the first job: how to define one. */
function FirstJob({ origin }: { origin: string }) {
  return (
    <section class="card first">
      <h2>No jobs yet</h2>
      <p>A job gives a run a name, numbered versions and schedules. Define the first one:</p>
      <pre>
        <code>{`curl -X PUT ${origin}/v1/jobs/hello \\
  -H "Authorization: Bearer $MAYFLY_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"run": {"image": "debian:12", "command": ["echo", "hello"]},
       "schedules": [{"cron": "30 2 * * *", "timezone": "Europe/Berlin"}]}'`}</code>
      </pre>
      <p>
        or write several into a <code>mayfly.yaml</code> and put them into force with{" "}
        <code>npx mayfly apply</code>.
      </p>
    </section>
  );
}
