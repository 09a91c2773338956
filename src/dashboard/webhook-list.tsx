/** The page with all webhooks. */

import { Hono } from "hono";
import { Layout } from "./parts/layout.tsx";
import { WebhookTable } from "./parts/webhook-table.tsx";
import type { DashboardPorts } from "./ports.ts";
import type { ListedWebhook } from "./webhook-ports.ts";

export function webhookListPage(ports: DashboardPorts): Hono {
  return new Hono().get("/webhooks", async (c) =>
    c.html(<WebhookListPage webhooks={await ports.listWebhooks()} nowMs={ports.now()} />),
  );
}

function WebhookListPage({ webhooks, nowMs }: { webhooks: ListedWebhook[]; nowMs: number }) {
  return (
    <Layout title="Webhooks" nowMs={nowMs} signedIn={true}>
      <div class="page-head">
        <h1>Webhooks</h1>
        <a class="button" href="/webhooks/new">
          New webhook
        </a>
      </div>
      {webhooks.length === 0 ? (
        <section class="card first">
          <h2>No webhooks yet</h2>
          <p>
            A webhook has a URL of yours, a channel of Slack or a mailbox be told what happens: a run that
            failed, a schedule that is late, a job that is silent.
          </p>
          <p>
            <a href="/webhooks/new">Make the first one</a>, or <code>npx mayfly webhooks create</code>.
          </p>
        </section>
      ) : (
        <section class="card flush" aria-label="Webhooks">
          <WebhookTable webhooks={webhooks} nowMs={nowMs} />
        </section>
      )}
    </Layout>
  );
}
