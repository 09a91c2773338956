/** The page of one report: what a commit was told, every attempt at it, and the button that sends it again. */

import { type Context, Hono } from "hono";
import type { ReportBody } from "../api/report-ledger-schema.ts";
import { hookOfPath } from "./hook-of-path.ts";
import type { HookName } from "./hook-ports.ts";
import { Attempts } from "./parts/attempts.tsx";
import { Code, Fact } from "./parts/fact.tsx";
import { HookCrumbs } from "./parts/hook-head.tsx";
import { Layout } from "./parts/layout.tsx";
import { NotificationStanding, SendAgain } from "./parts/notification-standing.tsx";
import { ClockTime } from "./parts/times.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownReportPage } from "./problem.tsx";
import { visible } from "./words/body-text.ts";
import { formOf } from "./words/form.ts";
import { reportPath, runPath } from "./words/paths.ts";
import { COMMIT_STATE_WORDS, missingWords, statusWords } from "./words/reports.ts";

/** Without a script the page loads itself again this often while it is pending. */
const REFRESH_S = 5;

export function reportPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/hooks/:job/:name/reports/:report", async (c) => {
    const of = hookOfPath(c);
    const report = await ports.getReport(of, idOf(c));
    if (report === null) return unknownReport(c);
    const props = { of, report, nowMs: ports.now() };
    return c.html(c.req.query("part") === "list" ? <Parts {...props} /> : <ReportPage {...props} />);
  });

  app.post("/hooks/:job/:name/reports/:report/resend", async (c) => {
    const of = hookOfPath(c);
    const { ended_at: endedAt = "" } = formOf(await c.req.parseBody());
    const isThere = await ports.resendReport(of, idOf(c), endedAt);
    return isThere ? c.redirect(reportPath(of, idOf(c)), 303) : unknownReport(c);
  });

  function unknownReport(c: Context) {
    return c.html(<UnknownReportPage nowMs={ports.now()} />, 404);
  }

  return app;
}

function idOf(c: Context): string {
  return c.req.param("report") ?? "";
}

interface ReportPageProps {
  of: HookName;
  report: ReportBody;
  nowMs: number;
}

function ReportPage(props: ReportPageProps) {
  const { of, report } = props;
  return (
    <Layout
      title={`${COMMIT_STATE_WORDS[report.commit_status.state]}: ${statusWords(report.commit_status)}`}
      nowMs={props.nowMs}
      signedIn={true}
      refresh={report.state === "pending" ? { everyS: REFRESH_S, url: reportPath(of, report.id) } : null}
    >
      <ReportHead {...props} />
      <div class="columns">
        <div class="column">
          <Attempts attempts={report.attempts} nowMs={props.nowMs} />
        </div>
        <ReportFacts report={report} />
      </div>
    </Layout>
  );
}

/** What the script fetches again. */
function Parts(props: ReportPageProps) {
  return (
    <>
      <ReportHead {...props} />
      <Attempts attempts={props.report.attempts} nowMs={props.nowMs} />
    </>
  );
}

function ReportHead({ of, report, nowMs }: ReportPageProps) {
  const { id, state, ended_at: endedAt, waits_for: waitsFor, commit_status: status } = report;
  const path = reportPath(of, id);
  return (
    <section
      class="run-head"
      id="report-head"
      data-part
      data-list={`${path}?part=list`}
      data-refresh={state === "pending" ? "" : undefined}
      aria-labelledby="report-title"
    >
      <HookCrumbs of={of} isHead={false} isOfReports={true} />
      <div class="title">
        <h1 id="report-title">{COMMIT_STATE_WORDS[status.state]}</h1>
        <SendAgain path={path} endedAt={endedAt} />
      </div>
      <NotificationStanding
        notification={report}
        waitsFor={waitsFor && reportPath(of, waitsFor)}
        missing={missingWords(report)}
        nowMs={nowMs}
      />
      {STATE_DETAIL[state] !== null && <p class="detail">{STATE_DETAIL[state]}</p>}
    </section>
  );
}

const STATE_DETAIL: Record<ReportBody["state"], string | null> = {
  pending: null,
  delivered: null,
  given_up: "It was refused for good, or not taken for as long as it is tried; the last attempt says why.",
  dropped:
    "A newer run tells of this commit, its own has told more since, its own never ran and an older one tells of it, or its hook reports no more; the last attempt says which.",
};

function ReportFacts({ report }: { report: ReportBody }) {
  const { id, at, run_id: runId, commit_status: status } = report;
  const to = report.attempts.findLast(({ sent_to }) => sent_to !== null)?.sent_to ?? null;
  return (
    <section class="card facts" aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl>
        <Fact name="Description">
          <bdi>{visible(status.description)}</bdi>
        </Fact>
        <Fact name="Context">
          <Code text={visible(status.context)} />
        </Fact>
        <Fact name="Repository">
          <Code text={visible(status.repository.full_name)} />
        </Fact>
        <Fact name="Commit">
          <Code text={visible(status.sha)} />
        </Fact>
        <Fact name="Branch, tag or ref">
          <Code text={visible(status.ref)} />
        </Fact>
        {runId !== null && (
          <Fact name="Run">
            <a href={runPath(runId)}>
              <Code text={runId} />
            </a>
          </Fact>
        )}
        <Fact name="Happened">
          <ClockTime at={at} zone={null} />
        </Fact>
        <Fact name="Its link leads to">
          {status.target_url === null ? (
            "nothing, as PUBLIC_URL is not set"
          ) : (
            <Code text={status.target_url} />
          )}
        </Fact>
        {to !== null && (
          <>
            <Fact name="Last told to">
              {status.source}
              {to.api_url !== null && (
                <>
                  {" at "}
                  <Code text={to.api_url} />
                </>
              )}
            </Fact>
            <Fact name="With the token in the secret">
              <Code text={to.token} />
            </Fact>
          </>
        )}
        <Fact name="Report">
          <Code text={id} />
        </Fact>
      </dl>
    </section>
  );
}
