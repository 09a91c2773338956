/** The page of one webhook: how it fares, what it was told, and its buttons: try, enable, disable, delete. */

import { type Context, Hono } from "hono";
import type { NotificationListBody } from "../api/webhook-schema.ts";
import type { Complaint } from "../core/error.ts";
import { TEST_EVENT, WEBHOOK_EVENTS } from "../core/webhook/event-types.ts";
import { asked } from "./asked.ts";
import { Layout } from "./parts/layout.tsx";
import { Ledger, type LedgerProps, LedgerRows, ledgerUrl } from "./parts/ledger.tsx";
import { NotificationTable } from "./parts/notification-table.tsx";
import { WebhookFacts, WebhookHead } from "./parts/webhook-head.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownWebhookPage } from "./problem.tsx";
import { toldLedger } from "./told-ledger.ts";
import type { NotificationQuery, ShownWebhook } from "./webhook-ports.ts";
import { notificationPath, webhookPath } from "./words/paths.ts";
import { targetWords } from "./words/webhooks.ts";

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
  function told(id: string, query: NotificationQuery) {
    return asked<NotificationListBody | null>(
      () => ports.notifications(id, query),
      async () => ({ notifications: [], next_cursor: null }),
    );
  }

  function unknownWebhook(c: Context) {
    return c.html(<UnknownWebhookPage nowMs={ports.now()} />, 404);
  }

  return app;
}

interface WebhookPageProps {
  webhook: ShownWebhook;
  query: NotificationQuery;
  list: NotificationListBody;
  /** What is wrong with the query. */
  complaints: readonly Complaint[];
  nowMs: number;
}

function WebhookPage(props: WebhookPageProps) {
  const { webhook, query, nowMs } = props;
  const ledger = ledgerOf(props);
  const refresh = ledger.isUnderWay ? { everyS: REFRESH_S, url: ledgerUrl(ledger.path, query) } : null;
  return (
    <Layout title={targetWords(webhook)} nowMs={nowMs} signedIn={true} refresh={refresh}>
      <WebhookHead webhook={webhook} nowMs={nowMs} />
      <div class="columns">
        <div class="column">
          <Ledger {...ledger} />
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
      <LedgerRows {...ledgerOf(props)} />
    </>
  );
}

function ledgerOf({ webhook, query, list, complaints, nowMs }: WebhookPageProps): LedgerProps {
  const rows = list.notifications.map((notification) => ({
    href: notificationPath({ webhook: webhook.id, id: notification.id }),
    what: notification.type,
    about: null,
    id: notification.id,
    notification,
  }));
  return {
    ...toldLedger("What it was told", query, [
      { name: "type", label: "Of type", value: query.type, takes: [...WEBHOOK_EVENTS, TEST_EVENT] },
    ]),
    path: webhookPath(webhook.id),
    complaints,
    nextCursor: list.next_cursor,
    isUnderWay: list.notifications.some(({ state }) => state === "pending"),
    table:
      rows.length === 0 ? null : (
        <NotificationTable caption="Notifications" what="Notification" rows={rows} nowMs={nowMs} />
      ),
  };
}
