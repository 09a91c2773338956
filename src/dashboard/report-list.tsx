/** The page of what a hook's runs have told of their commits. */

import { Hono } from "hono";
import type { StoredHookBody } from "../api/delivery-schema.ts";
import type { ReportListBody } from "../api/report-ledger-schema.ts";
import type { Complaint } from "../core/error.ts";
import { asked } from "./asked.ts";
import { hookOfPath } from "./hook-of-path.ts";
import type { HookName } from "./hook-ports.ts";
import { HookCrumbs, MissingSecret } from "./parts/hook-head.tsx";
import { Layout } from "./parts/layout.tsx";
import { Ledger, type LedgerProps, LedgerRows, ledgerUrl } from "./parts/ledger.tsx";
import { NotificationTable } from "./parts/notification-table.tsx";
import { Age } from "./parts/times.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownHookPage } from "./problem.tsx";
import { toldLedger } from "./told-ledger.ts";
import { ALL_TOLD, type ToldQuery } from "./told-query.ts";
import { visible } from "./words/body-text.ts";
import { reportPath, reportsPath } from "./words/paths.ts";
import { COMMIT_STATE_WORDS, missingWords, statusWords } from "./words/reports.ts";

/** Without a script the page loads itself again this often while something on it is under way. */
const REFRESH_S = 5;

export function reportListPage(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/hooks/:job/:name/reports", async (c) => {
    const of = hookOfPath(c);
    const { state = null, run = null, cursor = null } = c.req.query();
    const query = { state, run, cursor };
    const [hook, { list, complaints }] = await Promise.all([
      ports.getHook(of, c.req.url),
      asked<ReportListBody | null>(
        () => ports.reports(of, query),
        async () => (await ports.reports(of, ALL_TOLD)) && { reports: [], next_cursor: null },
      ),
    ]);
    if (list === null) return c.html(<UnknownHookPage nowMs={ports.now()} />, 404);
    const props = { of, hook, query, list, complaints, nowMs: ports.now() };
    if (c.req.query("part") === "list") return c.html(<LedgerRows {...ledgerOf(props)} />);
    return c.html(<ReportListPage {...props} />, complaints.length > 0 ? 422 : 200);
  });

  return app;
}

interface ReportListProps {
  of: HookName;
  /** Null where it is not there any more, and what it reported is. */
  hook: StoredHookBody | null;
  query: ToldQuery;
  list: ReportListBody;
  /** What is wrong with the query. */
  complaints: readonly Complaint[];
  nowMs: number;
}

function ReportListPage(props: ReportListProps) {
  const { of, hook, query, nowMs } = props;
  const ledger = ledgerOf(props);
  return (
    <Layout
      title={`Reports of ${of.job} / ${of.name}`}
      nowMs={nowMs}
      signedIn={true}
      refresh={ledger.isUnderWay ? { everyS: REFRESH_S, url: ledgerUrl(ledger.path, query) } : null}
    >
      <section class="run-head" aria-labelledby="reports-title">
        <HookCrumbs of={of} isHead={false} />
        <h1 id="reports-title">Reports</h1>
        <Standing hook={hook} nowMs={nowMs} />
      </section>
      <Ledger {...ledger} />
    </Layout>
  );
}

/** Whether its runs are reported, and what stands in the way. */
function Standing({ hook, nowMs }: Pick<ReportListProps, "hook" | "nowMs">) {
  if (hook === null)
    return <p class="detail">This hook is not there any more. What it reported stays for 90 days.</p>;
  const { report } = hook;
  if (report === null)
    return (
      <p class="detail">
        Its runs are not reported on their commits: <code>"report": true</code> in the job's hook has them be.
      </p>
    );
  return (
    <>
      <div class="state">
        <span class="muted">
          {"Its runs are reported on their commits as "}
          <code>
            <bdi>{visible(report.context)}</bdi>
          </code>
        </span>
      </div>
      {report.problem !== null && <MissingSecret problem={report.problem} />}
      {report.failing_since !== null && (
        <p class="warning">
          {"None of the reports that were tried was taken, the first of them "}
          <Age at={report.failing_since} nowMs={nowMs} />
          {": each says why"}
        </p>
      )}
    </>
  );
}

function ledgerOf({ of, query, list, complaints, nowMs }: ReportListProps): LedgerProps {
  const rows = list.reports.map((report) => {
    const { state, description } = report.commit_status;
    const what = COMMIT_STATE_WORDS[state];
    return {
      href: reportPath(of, report.id),
      what,
      about: description === what ? null : visible(description),
      id: statusWords(report.commit_status),
      notification: report,
      missing: missingWords(report),
    };
  });
  return {
    ...toldLedger("What was reported", query),
    path: reportsPath(of),
    complaints,
    nextCursor: list.next_cursor,
    isUnderWay: list.reports.some(({ state }) => state === "pending"),
    table:
      rows.length === 0 ? null : (
        <NotificationTable caption="Reports" what="Reported" rows={rows} nowMs={nowMs} />
      ),
  };
}
