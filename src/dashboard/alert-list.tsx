/** The page with all alerts, newest first. */

import { Hono } from "hono";
import type { AlertListBody } from "../api/alert-schema.ts";
import { AlertTable } from "./parts/alerts.tsx";
import { JobFilter, pageOfJob } from "./parts/job-filter.tsx";
import { Layout } from "./parts/layout.tsx";
import { Pages } from "./parts/pages.tsx";
import type { DashboardPorts } from "./ports.ts";

export function alertListPage(ports: DashboardPorts): Hono {
  return new Hono().get("/alerts", async (c) => {
    const { job = "", cursor = null } = c.req.query();
    const list = await ports.alerts(job === "" ? null : job, cursor);
    return c.html(<AlertListPage job={job} cursor={cursor} list={list} nowMs={ports.now()} />);
  });
}

interface AlertListProps {
  /** Empty for all. */
  job: string;
  cursor: string | null;
  list: AlertListBody;
  nowMs: number;
}

function AlertListPage({ job, cursor, list: { alerts, next_cursor: next }, nowMs }: AlertListProps) {
  const filter = { job, path: "/alerts" };
  return (
    <Layout title="Alerts" nowMs={nowMs} signedIn={true}>
      <div class="page-head">
        <h1>Alerts</h1>
        <JobFilter {...filter} />
      </div>
      <section class="card flush" aria-label="Alerts">
        {alerts.length === 0 ? (
          <p class="empty">
            No alerts. A schedule with <code>late_after</code>, and a job with <code>expect_every</code>, is
            watched.
          </p>
        ) : (
          <AlertTable alerts={alerts} nowMs={nowMs} />
        )}
        <Pages
          first={cursor === null ? null : pageOfJob(filter, null)}
          next={next === null ? null : { href: pageOfJob(filter, next), word: "Older" }}
        />
      </section>
    </Layout>
  );
}
