/** The page of one run, what its script asks for, and its buttons: cancel, and run again. */

import { type Context, Hono } from "hono";
import type { EventListBody, RunBody } from "../api/run-schema.ts";
import { isRunId } from "../core/id.ts";
import { PAGE_OUTPUT_MAX_BYTES } from "../core/limits.ts";
import { STREAMS, type Stream } from "../core/output.ts";
import { isFinal } from "../core/run.ts";
import { live } from "./live.ts";
import { type RenderedLog, renderLog } from "./log/render.ts";
import type { LogStep } from "./log/screen.ts";
import { EventTable } from "./parts/event-table.tsx";
import { Facts } from "./parts/facts.tsx";
import { Layout } from "./parts/layout.tsx";
import { OutputNotes, OutputPanel } from "./parts/output-panel.tsx";
import { RunHead } from "./parts/run-head.tsx";
import { Steps } from "./parts/step-table.tsx";
import { type Reported, ToldOfRunCard } from "./parts/told-of-run.tsx";
import type { DashboardPorts, StoredOutput } from "./ports.ts";
import { UnknownRunPage } from "./problem.tsx";
import type { ToldOfRun } from "./webhook-ports.ts";
import { STATUS_WORDS } from "./words/outcome.ts";
import { runTitle } from "./words/what-runs.ts";

/** Without a script the page loads itself again this often while the run is under way. */
const REFRESH_S = 4;

const NO_OUTPUT: StoredOutput = { lines: [], position: null, fromStart: true };

export function runPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/runs/:id", async (c) => {
    const id = c.req.param("id");
    const run = await ports.getRun(id);
    if (run === null) return unknownRun(c);
    if (c.req.query("part") === "summary") {
      const [events, told, reported] = await Promise.all([
        ports.events(id, null),
        ports.toldOfRun(id),
        reportedOf(run),
      ]);
      return c.html(<SummaryPart {...{ run, events, told, reported }} nowMs={ports.now()} />);
    }
    const [events, told, reported, stored] = await Promise.all([
      ports.events(id, null),
      ports.toldOfRun(id),
      reportedOf(run),
      run.capture === "none" ? NO_OUTPUT : ports.readOutput(id, PAGE_OUTPUT_MAX_BYTES),
    ]);
    const log = renderLog(stored.lines, isFinal(run.status), stored.fromStart, await stepsOf(run));
    return c.html(<RunPage {...{ run, events, told, reported, stored, log }} nowMs={ports.now()} />);
  });

  app.get("/runs/:id/live", async (c) => (await live(c, ports, c.req.param("id"))) ?? unknownRun(c));

  app.get("/runs/:id/output/:stream", async (c) => {
    const { id, stream } = c.req.param();
    const bytes = isStream(stream) ? await ports.rawOutput(id, stream, c.req.raw.signal) : null;
    if (bytes === null) return unknownRun(c);
    return c.body(bytes, 200, {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Disposition": `inline; filename="${id.replaceAll(/[^\w-]/g, "")}.${stream}.txt"`,
    });
  });

  app.post("/runs/:id/cancel", async (c) => {
    const id = c.req.param("id");
    // A run that ended meanwhile shows how: that is the answer.
    if ((await ports.cancel(id)) === "unknown") return unknownRun(c);
    return c.redirect(`/runs/${encodeURIComponent(id)}`, 303);
  });

  app.post("/runs/:id/rerun", async (c) => {
    const { after } = await c.req.parseBody();
    const newest = typeof after === "string" && isRunId(after) ? after : null;
    const id = await ports.rerun(c.req.param("id"), newest);
    return id === null ? unknownRun(c) : c.redirect(`/runs/${encodeURIComponent(id)}`, 303);
  });

  /** Its steps, as of after the output was read: one that goes on can have begun another meanwhile, which wrote some of it. */
  async function stepsOf(run: RunBody): Promise<LogStep[]> {
    const mayGoOn = run.attempts.at(-1)?.steps.length && !isFinal(run.status);
    const { attempts } = (mayGoOn && (await ports.getRun(run.id))) || run;
    return attempts.flatMap(({ number, steps }) => steps.map((step) => ({ attempt: number, ...step })));
  }

  /** What it has told of its commit. Only of such runs is anything asked. */
  async function reportedOf({ id, job, delivery }: RunBody): Promise<Reported | null> {
    if (job === null || delivery === null || delivery.report === null) return null;
    const hook = { job: job.name, name: delivery.hook };
    return { hook, reports: await ports.reportsOfRun(hook, id) };
  }

  function unknownRun(c: Context) {
    return c.html(<UnknownRunPage nowMs={ports.now()} />, 404);
  }

  return app;
}

function isStream(text: string): text is Stream {
  return (STREAMS as readonly string[]).includes(text);
}

interface RunPageProps {
  run: RunBody;
  events: EventListBody["events"];
  told: ToldOfRun[];
  reported: Reported | null;
  stored: StoredOutput;
  log: RenderedLog;
  nowMs: number;
}

function RunPage({ run, events, told, reported, stored, log, nowMs }: RunPageProps) {
  const title = `${STATUS_WORDS[run.status]}: ${runTitle(run)}`;
  return (
    <Layout
      title={title}
      nowMs={nowMs}
      signedIn={true}
      refresh={isFinal(run.status) ? null : { everyS: REFRESH_S, url: `/runs/${run.id}` }}
    >
      <RunHead run={run} nowMs={nowMs} />
      <div class="columns">
        <div class="column">
          <Steps run={run} nowMs={nowMs} />
          <OutputPanel run={run} stored={stored} log={log} />
          <ToldOfRunCard told={told} reported={reported} nowMs={nowMs} />
          <EventTable runId={run.id} events={events} acceptedAt={run.accepted_at} />
        </div>
        <Facts run={run} nowMs={nowMs} />
      </div>
    </Layout>
  );
}

/** Everything on the page that changes with the run, but its output. */
function SummaryPart({
  run,
  events,
  told,
  reported,
  nowMs,
}: Pick<RunPageProps, "run" | "events" | "told" | "reported" | "nowMs">) {
  return (
    <>
      <RunHead run={run} nowMs={nowMs} />
      <Facts run={run} nowMs={nowMs} />
      <Steps run={run} nowMs={nowMs} />
      {run.capture === "output" && (
        <OutputNotes run={run} empty={run.output.stdout_bytes + run.output.stderr_bytes === 0} />
      )}
      <ToldOfRunCard told={told} reported={reported} nowMs={nowMs} />
      <EventTable runId={run.id} events={events} acceptedAt={run.accepted_at} />
    </>
  );
}
