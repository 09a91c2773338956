/** The page of one job, and its buttons: run now, pause and resume. */

import { type Context, Hono } from "hono";
import type { StoredHookBody } from "../api/delivery-schema.ts";
import type { StoredScheduleBody } from "../api/firing-schema.ts";
import type { ShownJobBody, VersionListBody } from "../api/job-schema.ts";
import type { RunListBody, RunSummaryBody } from "../api/run-schema.ts";
import { AppError } from "../core/error.ts";
import { isFinal } from "../core/run.ts";
import { LastAlert } from "./parts/alerts.tsx";
import { Definition } from "./parts/definition.tsx";
import { Fact } from "./parts/fact.tsx";
import { HookTable } from "./parts/hook-table.tsx";
import { JobHead } from "./parts/job-head.tsx";
import { Layout } from "./parts/layout.tsx";
import { RunNow } from "./parts/run-now.tsx";
import { RunTable } from "./parts/run-table.tsx";
import { ScheduleTable } from "./parts/schedule-table.tsx";
import { Age } from "./parts/times.tsx";
import { VersionTable } from "./parts/version-table.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownJobPage } from "./problem.tsx";
import { visible } from "./words/body-text.ts";
import { startingInput } from "./words/job-definition.ts";
import { jobPath, runPath } from "./words/paths.ts";

/** Without a script the page loads itself again this often while a run on it is under way. */
const REFRESH_S = 5;
const RUNS_SHOWN = 10;
const VERSIONS_SHOWN = 5;

/** What came of a form that was refused: shown above it, with what was typed. */
interface Refused {
  input: string;
  complaint: string;
}

export function jobPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/jobs/:name", async (c) => {
    const name = c.req.param("name");
    if (c.req.query("part") === "list")
      return c.html(<RecentRuns job={name} list={await runsOf(name)} nowMs={ports.now()} />);
    return page(c, name, null);
  });

  app.post("/jobs/:name/run", async (c) => {
    const name = c.req.param("name");
    const form = await c.req.parseBody();
    const input = typeof form.input === "string" ? form.input : "";
    const once = typeof form.once === "string" && /^[\w-]{1,64}$/.test(form.once) ? form.once : newWord();
    try {
      const id = await ports.runJob(name, input, once);
      return id === null ? unknownJob(c) : c.redirect(runPath(id), 303);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const complaint = `${error.path === null ? "" : `${error.path}: `}${error.message}`;
      return page(c, name, { input, complaint });
    }
  });

  for (const [action, isPaused] of [
    ["pause", true],
    ["resume", false],
  ] as const)
    app.post(`/jobs/:name/${action}`, async (c) => {
      const name = c.req.param("name") ?? "";
      return (await ports.pauseJob(name, isPaused)) ? c.redirect(jobPath(name), 303) : unknownJob(c);
    });

  async function page(c: Context, name: string, refused: Refused | null) {
    const job = await ports.getJob(name);
    if (job === null) return unknownJob(c);
    const [schedules, hooks, list, versions] = await Promise.all([
      ports.schedulesOf(name),
      ports.hooksOf(name, c.req.url),
      runsOf(name),
      ports.jobVersions(name, null, VERSIONS_SHOWN),
    ]);
    const runs = await ports.runsById(schedules.flatMap(({ last_firing: last }) => last?.run_id ?? []));
    const props = { job, schedules, hooks, runs, list, versions, refused, nowMs: ports.now() };
    return c.html(<JobPage {...props} />, refused === null ? 200 : 422);
  }

  function runsOf(job: string): Promise<RunListBody> {
    return ports.listRuns({ statuses: [], tag: null, job, cursor: null, limit: RUNS_SHOWN });
  }

  function unknownJob(c: Context) {
    return c.html(<UnknownJobPage nowMs={ports.now()} />, 404);
  }

  return app;
}

/** What tells this form from all others, so that sending it twice orders once. */
const newWord = (): string => crypto.randomUUID();

interface JobPageProps {
  job: ShownJobBody;
  schedules: StoredScheduleBody[];
  hooks: StoredHookBody[];
  runs: Map<string, RunSummaryBody>;
  list: RunListBody;
  versions: VersionListBody | null;
  refused: Refused | null;
  nowMs: number;
}

function JobPage({ job, schedules, hooks, runs, list, versions, refused, nowMs }: JobPageProps) {
  const open = list.runs.some((run) => !isFinal(run.status));
  const refresh = open && refused === null ? { everyS: REFRESH_S, url: jobPath(job.name) } : null;
  return (
    <Layout title={job.name} nowMs={nowMs} signedIn={true} refresh={refresh}>
      <JobHead job={job} nowMs={nowMs} />
      <LastAlert alert={job.last_alert} nowMs={nowMs} />
      <div class="columns">
        <div class="column">
          <RunNow
            job={job}
            once={newWord()}
            input={refused?.input ?? startingInput(job)}
            complaint={refused?.complaint ?? null}
          />
          <section class="card flush" aria-labelledby="schedules-title">
            <h2 id="schedules-title" class="table-title">
              Schedules
            </h2>
            {schedules.length === 0 ? (
              <p class="empty">{`No schedules: it runs ${startsWords(job, hooks.length > 0)}.`}</p>
            ) : (
              <ScheduleTable schedules={schedules} runs={runs} namesJob={false} nowMs={nowMs} />
            )}
          </section>
          {hooks.length > 0 && (
            <section class="card flush" aria-labelledby="hooks-title">
              <h2 id="hooks-title" class="table-title">
                Hooks
              </h2>
              <HookTable hooks={hooks} namesJob={false} nowMs={nowMs} />
            </section>
          )}
          <RecentRuns job={job.name} list={list} nowMs={nowMs} />
          <Definition title={`Definition, version ${job.version}`} definition={job} />
        </div>
        <div class="column">
          <JobFacts job={job} nowMs={nowMs} />
          {versions !== null && (
            <VersionTable job={job.name} inForce={job.version} list={versions} nowMs={nowMs} isShort={true} />
          )}
        </div>
      </div>
    </Layout>
  );
}

function RecentRuns({ job, list, nowMs }: { job: string; list: RunListBody; nowMs: number }) {
  const open = list.runs.some((run) => !isFinal(run.status));
  const all = `/?job=${encodeURIComponent(job)}`;
  return (
    <section
      id="runs"
      data-part
      data-list={`${jobPath(job)}?part=list`}
      data-refresh={open ? "" : undefined}
      class="card flush"
      aria-labelledby="runs-title"
    >
      <h2 id="runs-title" class="table-title">
        Recent runs
      </h2>
      {list.runs.length === 0 ? (
        <p class="empty">No run yet.</p>
      ) : (
        <RunTable runs={list.runs} nowMs={nowMs} />
      )}
      {list.next_cursor !== null && (
        <nav class="pages" aria-label="Pages">
          <a href={all}>All runs of the job</a>
        </nav>
      )}
    </section>
  );
}

function JobFacts({ job, nowMs }: { job: ShownJobBody; nowMs: number }) {
  const labels = Object.entries(job.labels);
  return (
    <section class="card facts" aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl>
        <Fact name="First put">
          <Age at={job.created_at} nowMs={nowMs} />
        </Fact>
        {job.expect_every !== null && (
          <Fact name="Expected">{`to succeed at least once in ${job.expect_every}`}</Fact>
        )}
        {job.on.length > 0 && (
          <Fact name="Starts after">
            <ul>
              {job.on.map(({ job: other, outcome = "succeeded" }) => (
                <li>
                  <a href={jobPath(String(other))}>{String(other)}</a>
                  {` ${String(outcome)}`}
                </li>
              ))}
            </ul>
          </Fact>
        )}
        {labels.length > 0 && (
          <Fact name="Labels">
            <ul class="tags">
              {labels.map(([key, value]) => (
                <li class="tag">
                  <bdi>{visible(key)}</bdi>: <bdi>{visible(value)}</bdi>
                </li>
              ))}
            </ul>
          </Fact>
        )}
        <Fact name="More">
          <ul>
            <li>
              <a href={`/?job=${encodeURIComponent(job.name)}`}>All runs</a>
            </li>
            <li>
              <a href={`/alerts?job=${encodeURIComponent(job.name)}`}>Alerts</a>
            </li>
          </ul>
        </Fact>
      </dl>
    </section>
  );
}

/** What starts a job's runs but for schedules. */
function startsWords({ on }: ShownJobBody, hasHooks: boolean): string {
  const others = [...new Set(on.map((link) => String(link.job)))];
  return [
    "when somebody asks for it",
    ...(hasHooks ? ["when one of its hooks is called"] : []),
    ...(others.length > 0 ? [`after runs of ${others.join(", ")}`] : []),
  ].join(", and ");
}
