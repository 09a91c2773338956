/** The page with the schedules of all jobs, or of one. */

import { Hono } from "hono";
import type { ScheduleListBody } from "../api/firing-schema.ts";
import type { RunSummaryBody } from "../api/run-schema.ts";
import { JobFilter, pageOfJob } from "./parts/job-filter.tsx";
import { Layout } from "./parts/layout.tsx";
import { Pages } from "./parts/pages.tsx";
import { ScheduleTable } from "./parts/schedule-table.tsx";
import type { DashboardPorts } from "./ports.ts";

export function scheduleListPage(ports: DashboardPorts): Hono {
  return new Hono().get("/schedules", async (c) => {
    const { job = "", cursor = null } = c.req.query();
    const list = await ports.listSchedules(job === "" ? null : job, cursor);
    const runs = await ports.runsById(list.schedules.flatMap(({ last_firing: last }) => last?.run_id ?? []));
    return c.html(<ScheduleListPage job={job} cursor={cursor} list={list} runs={runs} nowMs={ports.now()} />);
  });
}

interface ScheduleListProps {
  /** Empty for all. */
  job: string;
  cursor: string | null;
  list: ScheduleListBody;
  runs: Map<string, RunSummaryBody>;
  nowMs: number;
}

function ScheduleListPage({ job, cursor, list, runs, nowMs }: ScheduleListProps) {
  const filter = { job, path: "/schedules" };
  const next = list.next_cursor === null ? null : { href: pageOfJob(filter, list.next_cursor), word: "Next" };
  return (
    <Layout title="Schedules" nowMs={nowMs} signedIn={true}>
      <div class="page-head">
        <h1>Schedules</h1>
        <JobFilter {...filter} />
      </div>
      <section class="card flush" aria-label="Schedules">
        {list.schedules.length === 0 ? (
          <p class="empty">
            {cursor === null && job === "" ? (
              <>
                No schedules yet: a job has them in its definition, as <code>schedules</code>.
              </>
            ) : (
              <>
                No such schedules. <a href="/schedules">Show all</a>
              </>
            )}
          </p>
        ) : (
          <ScheduleTable schedules={list.schedules} runs={runs} namesJob={true} nowMs={nowMs} />
        )}
        <Pages first={cursor === null ? null : pageOfJob(filter, null)} next={next} />
      </section>
    </Layout>
  );
}
