/** The page of one hook: its URL, its ledger, other rules to try, and another URL. */

import { type Context, Hono } from "hono";
import type { DeliveryListBody, StoredHookBody, TriedBody } from "../api/delivery-schema.ts";
import type { RunSummaryBody } from "../api/run-schema.ts";
import { AppError, type Complaint } from "../core/error.ts";
import { VERDICTS } from "../core/hook/verdict.ts";
import { DELIVERY_BODY_KEPT_BYTES } from "../core/limits.ts";
import { isFinal } from "../core/run.ts";
import { asked } from "./asked.ts";
import { hookOfPath } from "./hook-of-path.ts";
import type { DeliveryQuery, HookName } from "./hook-ports.ts";
import { DeliveryTable } from "./parts/delivery-table.tsx";
import { described, FieldHint, FieldWrong } from "./parts/field.tsx";
import { GoneHookHead, HookFacts, HookHead } from "./parts/hook-head.tsx";
import { Layout } from "./parts/layout.tsx";
import { Pages } from "./parts/pages.tsx";
import { formOfRules, rulesOfForm, TryRules } from "./parts/try-rules.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownHookPage } from "./problem.tsx";
import { ALL_TOLD } from "./told-query.ts";
import { VERDICT_WORDS } from "./words/deliveries.ts";
import { type Form, formOf } from "./words/form.ts";
import { hookPath, withParameters } from "./words/paths.ts";

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
    if (c.req.query("part") === "list") return c.html(<LedgerRows {...props} />);
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
  const refresh = isUnderWay(props) && trial === null ? { everyS: REFRESH_S, url: listUrl(of, query) } : null;
  return (
    <Layout title={`${of.job} / ${of.name}`} nowMs={nowMs} signedIn={true} refresh={refresh}>
      {hook === null ? <GoneHookHead of={of} hasReports={hasReports} /> : <HookHead hook={hook} />}
      <div class="columns">
        <div class="column">
          <Ledger {...props} />
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

/** Something on the page is about to change by itself. */
function isUnderWay({ runs }: HookPageProps): boolean {
  return [...runs.values()].some((run) => !isFinal(run.status));
}

function Ledger(props: HookPageProps) {
  const { of, query, complaints } = props;
  return (
    <section class="card flush" aria-labelledby="ledger-title">
      <div class="table-title">
        <h2 id="ledger-title">Ledger</h2>
        <nav class="filters" aria-label="Filter by verdict">
          {[null, ...VERDICTS].map((verdict) => (
            <a
              href={listUrl(of, { ...query, verdict, cursor: null })}
              aria-current={verdict === query.verdict ? "page" : undefined}
            >
              {verdict === null ? "All" : VERDICT_WORDS[verdict]}
            </a>
          ))}
        </nav>
      </div>
      <Search of={of} query={query} complaints={complaints} />
      <LedgerRows {...props} />
    </section>
  );
}

/** What the script fetches again: without the search, in which somebody may be typing. */
function LedgerRows(props: HookPageProps) {
  const { of, query, list, complaints, runs, nowMs } = props;
  const isFiltered = query.verdict !== null || query.text !== null || query.run !== null;
  const next =
    list.next_cursor === null
      ? null
      : { href: listUrl(of, { ...query, cursor: list.next_cursor }), word: "Older" };
  return (
    <div
      id="ledger"
      data-part
      data-list={listUrl(of, query, true)}
      data-refresh={isUnderWay(props) ? "" : undefined}
    >
      {list.deliveries.length === 0 ? (
        <p class="empty">{emptyWords(isFiltered, query, next !== null, complaints)}</p>
      ) : (
        <DeliveryTable of={of} deliveries={list.deliveries} runs={runs} nowMs={nowMs} />
      )}
      <Pages first={query.cursor === null ? null : listUrl(of, { ...query, cursor: null })} next={next} />
    </div>
  );
}

function emptyWords(
  isFiltered: boolean,
  { cursor }: DeliveryQuery,
  hasMore: boolean,
  complaints: readonly Complaint[],
): string {
  if (complaints.length > 0) return "Nothing was looked for.";
  if (hasMore) return "None among those that were looked at; older ones follow.";
  return isFiltered || cursor !== null
    ? "None here."
    : "No call that was signed as it must be has come. One with a wrong secret is answered 401 and stands nowhere here: the sender's own list of what it sent has it.";
}

const TEXT_MAX_CHARS = 200;
const RUN_MAX_CHARS = 64;

function Search({ of, query, complaints }: Pick<HookPageProps, "of" | "query" | "complaints">) {
  const fields = [
    {
      name: "text",
      label: "With this text",
      hint: `Of a body its first ${DELIVERY_BODY_KEPT_BYTES / 1024} KiB are searched.`,
      path: "query.text",
      maxlength: TEXT_MAX_CHARS,
    },
    { name: "run", label: "Of run", path: "query.run", maxlength: RUN_MAX_CHARS },
  ] as const;
  return (
    <search aria-label="Search the ledger">
      <form method="get" action={hookPath(of)} class="search">
        {query.verdict !== null && <input type="hidden" name="verdict" value={query.verdict} />}
        {fields.map(({ maxlength, ...field }) => (
          <div class="field">
            <label for={field.name}>{field.label}</label>
            <input
              {...described({ ...field, complaints })}
              type="search"
              value={query[field.name] ?? ""}
              maxlength={maxlength}
              spellcheck={false}
              autocomplete="off"
            />
            <FieldWrong {...field} complaints={complaints} />
            <FieldHint {...field} complaints={complaints} />
          </div>
        ))}
        {["query.verdict", "query.cursor"].map((path) => (
          <FieldWrong name={path} label={path} path={path} complaints={complaints} />
        ))}
        <button class="plain" type="submit">
          Search
        </button>
      </form>
    </search>
  );
}

function listUrl(of: HookName, query: DeliveryQuery, part = false): string {
  return withParameters(hookPath(of), { ...query, part: part ? "list" : null });
}
