/** The page of one hook: its URL, its ledger, other rules to try, and another URL. */

import { type Context, Hono } from "hono";
import type { DeliveryListBody, StoredHookBody, TriedBody } from "../api/delivery-schema.ts";
import type { RunSummaryBody } from "../api/run-schema.ts";
import { AppError, type Complaint } from "../core/error.ts";
import { DELIVERY_BODY_KEPT_BYTES } from "../core/limits.ts";
import { isFinal } from "../core/run.ts";
import { asked } from "./asked.ts";
import { hookOfPath } from "./hook-of-path.ts";
import type { DeliveryQuery, HookName } from "./hook-ports.ts";
import { DeliveryTable } from "./parts/delivery-table.tsx";
import { GoneHookHead, HookFacts, HookHead } from "./parts/hook-head.tsx";
import { Layout } from "./parts/layout.tsx";
import { Ledger, type LedgerProps, LedgerRows, ledgerUrl } from "./parts/ledger.tsx";
import { formOfRules, rulesOfForm, TryRules } from "./parts/try-rules.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownHookPage } from "./problem.tsx";
import { ALL_TOLD } from "./told-query.ts";
import { VERDICT_WORDS } from "./words/deliveries.ts";
import { type Form, formOf } from "./words/form.ts";
import { hookPath } from "./words/paths.ts";

/** Without a script the page loads itself again this often while a run on it is under way. */
const REFRESH_S = 5;

const NEWEST: DeliveryQuery = { verdict: null, text: null, run: null, cursor: null };

/** What was tried, or why that was refused. */
interface Trial {
  form: Form;
  complaints: readonly Complaint[];
  tried: TriedBody | null;
}

export function hookPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/hooks/:job/:name", (c) => {
    const { verdict = null, text = null, run = null, cursor = null } = c.req.query();
    return page(c, { verdict, text, run, cursor }, null);
  });

  app.post("/hooks/:job/:name", async (c) => {
    const form = formOf(await c.req.parseBody());
    try {
      const tried = await ports.tryRules(hookOfPath(c), rulesOfForm(form));
      if (tried === null) return unknownHook(c);
      return await page(c, NEWEST, { form, complaints: [], tried });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "invalid_input") throw error;
      return page(c, NEWEST, { form, complaints: error.complaints, tried: null });
    }
  });

  app.post("/hooks/:job/:name/rotate", async (c) => {
    const { since = "" } = formOf(await c.req.parseBody());
    const of = hookOfPath(c);
    return (await ports.rotateHook(of, since)) ? c.redirect(hookPath(of), 303) : unknownHook(c);
  });

  async function page(c: Context, query: DeliveryQuery, trial: Trial | null) {
    const of = hookOfPath(c);
    const [hook, found] = await Promise.all([ports.getHook(of, c.req.url), ledger(of, query)]);
    if (found.list === null) return unknownHook(c);
    const runs = await ports.runsById(found.list.deliveries.flatMap(({ run_id: id }) => id ?? []));
    const props = { of, hook, query, ...found, list: found.list, runs, trial, nowMs: ports.now() };
    if (c.req.query("part") === "list") return c.html(<LedgerRows {...ledgerOf(props)} />);
    const isRefused = found.complaints.length > 0 || (trial?.complaints.length ?? 0) > 0;
    const hasReports = hook === null && (await ports.reports(of, ALL_TOLD)) !== null;
    return c.html(<HookPage {...props} hasReports={hasReports} />, isRefused ? 422 : 200);
  }

  /** A page of the ledger, or why it can not be asked for like that. */
  function ledger(of: HookName, query: DeliveryQuery) {
    return asked<DeliveryListBody | null>(
      () => ports.deliveries(of, query),
      async () => (await ports.deliveries(of, NEWEST)) && { deliveries: [], next_cursor: null },
    );
  }

  function unknownHook(c: Context) {
    return c.html(<UnknownHookPage nowMs={ports.now()} />, 404);
  }

  return app;
}

interface HookPageProps {
  of: HookName;
  /** Null where it is not there any more, and its ledger is. */
  hook: StoredHookBody | null;
  query: DeliveryQuery;
  list: DeliveryListBody;
  /** What is wrong with the query. */
  complaints: readonly Complaint[];
  runs: Map<string, RunSummaryBody>;
  trial: Trial | null;
  nowMs: number;
}

function HookPage(props: HookPageProps & { hasReports: boolean }) {
  const { of, hook, query, trial, hasReports, nowMs } = props;
  const ledger = ledgerOf(props);
  const refresh =
    ledger.isUnderWay && trial === null ? { everyS: REFRESH_S, url: ledgerUrl(ledger.path, query) } : null;
  return (
    <Layout title={`${of.job} / ${of.name}`} nowMs={nowMs} signedIn={true} refresh={refresh}>
      {hook === null ? <GoneHookHead of={of} hasReports={hasReports} /> : <HookHead hook={hook} />}
      <div class="columns">
        <div class="column">
          <Ledger {...ledger} />
          {hook !== null && (
            <TryRules
              hook={hook}
              {...(trial ?? { form: formOfRules(hook), complaints: [], tried: null })}
              nowMs={nowMs}
            />
          )}
        </div>
        {hook !== null && <HookFacts hook={hook} nowMs={nowMs} />}
      </div>
    </Layout>
  );
}

const TEXT_MAX_CHARS = 200;
const RUN_MAX_CHARS = 64;

function ledgerOf({ of, query, list, complaints, runs, nowMs }: HookPageProps): LedgerProps {
  const { verdict, text, run, cursor } = query;
  const isAll = verdict === null && text === null && run === null && cursor === null;
  const hint = `Of a body its first ${DELIVERY_BODY_KEPT_BYTES / 1024} KiB are searched.`;
  return {
    ...{ id: "ledger", title: "Ledger", search: "Search the ledger", path: hookPath(of), query, complaints },
    filter: { name: "verdict", words: VERDICT_WORDS, chosen: verdict },
    fields: [
      { name: "text", label: "With this text", hint, value: text, takes: TEXT_MAX_CHARS },
      { name: "run", label: "Of run", value: run, takes: RUN_MAX_CHARS },
    ],
    nextCursor: list.next_cursor,
    isUnderWay: [...runs.values()].some(({ status }) => !isFinal(status)),
    none: isAll
      ? "No call that was signed as it must be has come. One with a wrong secret is answered 401 and stands nowhere here: the sender's own list of what it sent has it."
      : "None here.",
    table:
      list.deliveries.length === 0 ? null : (
        <DeliveryTable of={of} deliveries={list.deliveries} runs={runs} nowMs={nowMs} />
      ),
  };
}
