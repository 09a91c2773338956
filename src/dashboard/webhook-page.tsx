/** The page of one webhook: how it fares, what it was told, and its buttons: try, enable, disable, delete. */

import { type Context, Hono } from "hono";
import type { NotificationListBody } from "../api/webhook-schema.ts";
import { AppError, type Complaint } from "../core/error.ts";
import { NOTIFICATION_STATES } from "../core/webhook/attempt.ts";
import { TEST_EVENT, WEBHOOK_EVENTS } from "../core/webhook/event-types.ts";
import { described, FieldWrong } from "./parts/field.tsx";
import { Layout } from "./parts/layout.tsx";
import { NotificationTable } from "./parts/notification-table.tsx";
import { Pages } from "./parts/pages.tsx";
import { WebhookFacts, WebhookHead } from "./parts/webhook-head.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownWebhookPage } from "./problem.tsx";
import type { ListedWebhook, NotificationQuery } from "./webhook-ports.ts";
import { notificationPath, webhookPath, withParameters } from "./words/paths.ts";
import { STATE_WORDS, targetWords } from "./words/webhooks.ts";

/** Without a script the page loads itself again this often while something on it is under way. */
const REFRESH_S = 5;

export function webhookPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/webhooks/:id", async (c) => {
    const id = c.req.param("id");
    const { state = null, type = null, run = null, cursor = null } = c.req.query();
    const query = { state, type, run, cursor };
    const [webhook, found] = await Promise.all([ports.getWebhook(id), told(id, query)]);
    if (webhook === null || found.list === null) return unknownWebhook(c);
    const props = { webhook, query, list: found.list, complaints: found.complaints, nowMs: ports.now() };
    if (c.req.query("part") === "list") return c.html(<Parts {...props} />);
    return c.html(<WebhookPage {...props} />, found.complaints.length > 0 ? 422 : 200);
  });

  app.post("/webhooks/:id/test", async (c) => {
    const webhook = c.req.param("id");
    const id = await ports.testWebhook(webhook);
    return id === null ? unknownWebhook(c) : c.redirect(notificationPath({ webhook, id }), 303);
  });

  for (const [action, isEnabled] of [
    ["enable", true],
    ["disable", false],
  ] as const)
    app.post(`/webhooks/:id/${action}`, async (c) => {
      const id = c.req.param("id") ?? "";
      return (await ports.enableWebhook(id, isEnabled))
        ? c.redirect(webhookPath(id), 303)
        : unknownWebhook(c);
    });

  app.post("/webhooks/:id/delete", async (c) => {
    // One that somebody else has deleted meanwhile is not there, which is what was wanted.
    await ports.deleteWebhook(c.req.param("id"));
    return c.redirect("/webhooks", 303);
  });

  /** A page of what it was told, or why that can not be asked for like this. */
  async function told(id: string, query: NotificationQuery) {
    try {
      return { list: await ports.notifications(id, query), complaints: [] };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "invalid_input") throw error;
      return { list: { notifications: [], next_cursor: null }, complaints: error.complaints };
    }
  }

  function unknownWebhook(c: Context) {
    return c.html(<UnknownWebhookPage nowMs={ports.now()} />, 404);
  }

  return app;
}

interface WebhookPageProps {
  webhook: ListedWebhook;
  query: NotificationQuery;
  list: NotificationListBody;
  /** What is wrong with the query. */
  complaints: readonly Complaint[];
  nowMs: number;
}

function WebhookPage(props: WebhookPageProps) {
  const { webhook, query, nowMs } = props;
  const refresh = isUnderWay(props) ? { everyS: REFRESH_S, url: listUrl(webhook, query) } : null;
  return (
    <Layout title={targetWords(webhook)} nowMs={nowMs} signedIn={true} refresh={refresh}>
      <WebhookHead webhook={webhook} nowMs={nowMs} />
      <div class="columns">
        <div class="column">
          <Told {...props} />
        </div>
        <WebhookFacts webhook={webhook} nowMs={nowMs} />
      </div>
    </Layout>
  );
}

/** What the script fetches again. */
function Parts(props: WebhookPageProps) {
  return (
    <>
      <WebhookHead {...props} />
      <ToldRows {...props} />
    </>
  );
}

/** Something on the page is about to change by itself. */
function isUnderWay({ list }: WebhookPageProps): boolean {
  return list.notifications.some(({ state }) => state === "pending");
}

function Told(props: WebhookPageProps) {
  const { webhook, query, complaints } = props;
  return (
    <section class="card flush" aria-labelledby="told-title">
      <div class="table-title">
        <h2 id="told-title">What it was told</h2>
        <nav class="filters" aria-label="Filter by state">
          {[null, ...NOTIFICATION_STATES].map((state) => (
            <a
              href={listUrl(webhook, { ...query, state, cursor: null })}
              aria-current={state === query.state ? "page" : undefined}
            >
              {state === null ? "All" : STATE_WORDS[state]}
            </a>
          ))}
        </nav>
      </div>
      <Search webhook={webhook} query={query} complaints={complaints} />
      <ToldRows {...props} />
    </section>
  );
}

/** Without the search, in which somebody may be typing. */
function ToldRows(props: WebhookPageProps) {
  const { webhook, query, list, nowMs } = props;
  const next =
    list.next_cursor === null
      ? null
      : { href: listUrl(webhook, { ...query, cursor: list.next_cursor }), word: "Older" };
  return (
    <div
      id="told"
      data-part
      data-list={listUrl(webhook, query, true)}
      data-refresh={isUnderWay(props) ? "" : undefined}
    >
      {list.notifications.length === 0 ? (
        <p class="empty">{emptyWords(props, next !== null)}</p>
      ) : (
        <NotificationTable webhook={webhook.id} notifications={list.notifications} nowMs={nowMs} />
      )}
      <Pages
        first={query.cursor === null ? null : listUrl(webhook, { ...query, cursor: null })}
        next={next}
      />
    </div>
  );
}

function emptyWords({ query, complaints }: WebhookPageProps, hasMore: boolean): string {
  if (complaints.length > 0) return "Nothing was looked for.";
  if (hasMore) return "None among those that were looked at; older ones follow.";
  const isAll = Object.values(query).every((value) => value === null || value === "");
  return isAll ? "Nothing yet." : "None here.";
}

function Search({ webhook, query, complaints }: Pick<WebhookPageProps, "webhook" | "query" | "complaints">) {
  const type = { name: "type", label: "Of type", path: "query.type", complaints };
  const run = { name: "run", label: "Of run", path: "query.run", complaints };
  return (
    <search aria-label="Search what it was told">
      <form method="get" action={webhookPath(webhook.id)} class="search">
        {query.state !== null && <input type="hidden" name="state" value={query.state} />}
        <div class="field">
          <label for="type">{type.label}</label>
          <select {...described(type)}>
            <option value="">any</option>
            {[...WEBHOOK_EVENTS, TEST_EVENT].map((each) => (
              <option value={each} selected={each === query.type}>
                {each}
              </option>
            ))}
          </select>
          <FieldWrong {...type} />
        </div>
        <div class="field">
          <label for="run">{run.label}</label>
          <input
            {...described(run)}
            type="search"
            value={query.run ?? ""}
            maxlength={64}
            spellcheck={false}
            autocomplete="off"
          />
          <FieldWrong {...run} />
        </div>
        {["query.state", "query.cursor"].map((path) => (
          <FieldWrong name={path} label={path} path={path} complaints={complaints} />
        ))}
        <button class="plain" type="submit">
          Search
        </button>
      </form>
    </search>
  );
}

function listUrl({ id }: ListedWebhook, query: NotificationQuery, part = false): string {
  return withParameters(webhookPath(id), { ...query, part: part ? "list" : null });
}
