/** The page with the hooks of all jobs, or of one. */

import { Hono } from "hono";
import type { HookListBody } from "../api/delivery-schema.ts";
import { HookTable } from "./parts/hook-table.tsx";
import { JobFilter, pageOfJob } from "./parts/job-filter.tsx";
import { Layout } from "./parts/layout.tsx";
import { Pages } from "./parts/pages.tsx";
import type { DashboardPorts } from "./ports.ts";

export function hookListPage(ports: DashboardPorts): Hono {
  return new Hono().get("/hooks", async (c) => {
    const { job = "", cursor = null } = c.req.query();
    const list = await ports.listHooks(job === "" ? null : job, cursor, c.req.url);
    return c.html(<HookListPage job={job} cursor={cursor} list={list} nowMs={ports.now()} />);
  });
}

interface HookListProps {
  /** Empty for all. */
  job: string;
  cursor: string | null;
  list: HookListBody;
  nowMs: number;
}

function HookListPage({ job, cursor, list, nowMs }: HookListProps) {
  const filter = { job, path: "/hooks" };
  const next = list.next_cursor === null ? null : { href: pageOfJob(filter, list.next_cursor), word: "Next" };
  return (
    <Layout title="Hooks" nowMs={nowMs} signedIn={true}>
      <div class="page-head">
        <h1>Hooks</h1>
        <JobFilter {...filter} />
      </div>
      {list.hooks.length === 0 && cursor === null && job === "" ? (
        <FirstHook />
      ) : (
        <section class="card flush" aria-label="Hooks">
          {list.hooks.length === 0 ? (
            <p class="empty">
              No such hooks. <a href="/hooks">Show all</a>
            </p>
          ) : (
            <HookTable hooks={list.hooks} namesJob={true} nowMs={nowMs} />
          )}
          <Pages first={cursor === null ? null : pageOfJob(filter, null)} next={next} />
        </section>
      )}
    </Layout>
  );
}

/** What there is to see before the first hook: how to have one. */
function FirstHook() {
  return (
    <section class="card first">
      <h2>No hooks yet</h2>
      <p>
        A hook is a URL that starts runs of a job when GitHub, GitLab, Gitea, Bitbucket, Stripe or anybody who
        signs calls it. A job has them in its definition:
      </p>
      <pre>
        <code>{`jobs:
  deploy:
    run: { image: "debian:12", command: [make, deploy] }
    hooks:
      - source: github
        secret: GITHUB_WEBHOOK_SECRET
        branches: [main]`}</code>
      </pre>
      <p>
        <code>npx mayfly apply</code> puts it into force, and its URL is here then.
      </p>
    </section>
  );
}
