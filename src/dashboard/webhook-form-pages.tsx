/** The pages with forms about webhooks: a new one, a change of one, and another secret for one. */

import { type Context, Hono } from "hono";
import { AppError, type Complaint } from "../core/error.ts";
import { WEBHOOK_KINDS, type WebhookKind } from "../core/webhook/webhook.ts";
import { complaintsElsewhere } from "./parts/field.tsx";
import { Layout } from "./parts/layout.tsx";
import { SecretField, WebhookForm } from "./parts/webhook-form.tsx";
import { WebhookCrumbs } from "./parts/webhook-head.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownWebhookPage } from "./problem.tsx";
import type { ListedWebhook } from "./webhook-ports.ts";
import { visible } from "./words/body-text.ts";
import { type Form, formOf } from "./words/form.ts";
import { webhookPath, withParameters } from "./words/paths.ts";
import { complaintsOfForm, formOfWebhook, kindOf, webhookOfForm } from "./words/webhook-form.ts";
import { KIND_WORDS } from "./words/webhooks.ts";

/** What a new one is told of, until somebody says otherwise. */
const FIRST_FORM: Form = { "event-run-failed": "on" };

export function webhookFormPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/webhooks/new", (c) => {
    const kind = kindOf(c.req.query("kind"));
    const secret = kind === "standard" ? ports.newWebhookSecret() : null;
    const page = { kind, form: FIRST_FORM, complaints: [], once: crypto.randomUUID(), secret };
    return c.html(<NewWebhookPage {...page} nowMs={ports.now()} />);
  });

  app.post("/webhooks/new", async (c) => {
    const form = formOf(await c.req.parseBody());
    const kind = kindOf(form.kind);
    const once = /^[\w-]{1,64}$/.test(form.once ?? "") ? (form.once ?? "") : crypto.randomUUID();
    const secret = kind === "standard" ? (form.secret ?? "").trim() : null;
    const input = { kind, ...webhookOfForm(form, kind), ...(secret !== null && { secret }) };
    const refused = await complaintsOf(async () => {
      const id = await ports.createWebhook(input, once);
      return c.redirect(webhookPath(id), 303);
    });
    if (refused instanceof Response) return refused;
    const complaints = complaintsOfForm(refused, form);
    return c.html(<NewWebhookPage {...{ kind, form, complaints, once, secret }} nowMs={ports.now()} />, 422);
  });

  app.get("/webhooks/:id/edit", async (c) => {
    const webhook = await ports.getWebhook(c.req.param("id"));
    if (webhook === null) return unknownWebhook(c);
    const form = formOfWebhook(webhook);
    return c.html(<EditPage {...{ webhook, form, complaints: [] }} nowMs={ports.now()} />);
  });

  app.post("/webhooks/:id/edit", async (c) => {
    const webhook = await ports.getWebhook(c.req.param("id"));
    if (webhook === null) return unknownWebhook(c);
    const form = formOf(await c.req.parseBody());
    const refused = await complaintsOf(async () => {
      const { url, ...others } = webhookOfForm(form, webhook.kind);
      // Of a URL that is a secret the form has its last characters: it stays as it is unless another one is typed.
      const input = url === undefined || url === webhook.url ? others : { url, ...others };
      const isThere = await ports.changeWebhook(webhook.id, input);
      return isThere ? c.redirect(webhookPath(webhook.id), 303) : unknownWebhook(c);
    });
    if (refused instanceof Response) return refused;
    const complaints = complaintsOfForm(refused, form);
    return c.html(<EditPage {...{ webhook, form, complaints }} nowMs={ports.now()} />, 422);
  });

  app.get("/webhooks/:id/secret", async (c) => {
    const webhook = await ports.getWebhook(c.req.param("id"));
    if (webhook === null || webhook.kind !== "standard") return unknownWebhook(c);
    const page = { webhook, secret: ports.newWebhookSecret(), complaints: [] };
    return c.html(<SecretPage {...page} updatedAt={webhook.updated_at} nowMs={ports.now()} />);
  });

  app.post("/webhooks/:id/secret", async (c) => {
    const webhook = await ports.getWebhook(c.req.param("id"));
    if (webhook === null || webhook.kind !== "standard") return unknownWebhook(c);
    const { secret = "", updated_at: updatedAt = "" } = formOf(await c.req.parseBody());
    const complaints = await complaintsOf(async () => {
      const isThere = await ports.rotateWebhook(webhook.id, secret.trim(), updatedAt);
      return isThere ? c.redirect(webhookPath(webhook.id), 303) : unknownWebhook(c);
    });
    if (complaints instanceof Response) return complaints;
    // Who was told of a change has seen it.
    const isOutdated = complaints.some(({ path }) => path === "updated_at");
    const page = { webhook, secret, complaints, updatedAt: isOutdated ? webhook.updated_at : updatedAt };
    return c.html(<SecretPage {...page} nowMs={ports.now()} />, 422);
  });

  function unknownWebhook(c: Context) {
    return c.html(<UnknownWebhookPage nowMs={ports.now()} />, 404);
  }

  return app;
}

/** What is wrong with what was sent; or the answer to it. */
async function complaintsOf(
  act: () => Promise<Response | Promise<Response>>,
): Promise<readonly Complaint[] | Response> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "invalid_input") throw error;
    return error.complaints;
  }
}

interface NewWebhookPageProps {
  kind: WebhookKind;
  form: Form;
  complaints: readonly Complaint[];
  once: string;
  secret: string | null;
  nowMs: number;
}

function NewWebhookPage({ kind, form, complaints, once, secret, nowMs }: NewWebhookPageProps) {
  return (
    <Layout title="New webhook" nowMs={nowMs} signedIn={true}>
      <section class="run-head" aria-labelledby="form-title">
        <WebhookCrumbs webhook={null} page={null} />
        <h1 id="form-title">New webhook</h1>
        <nav class="filters" aria-label="Kind of webhook">
          {WEBHOOK_KINDS.map((each) => (
            <a
              href={withParameters("/webhooks/new", { kind: each })}
              aria-current={each === kind ? "page" : undefined}
            >
              {KIND_WORDS[each]}
            </a>
          ))}
        </nav>
      </section>
      <WebhookForm
        action="/webhooks/new"
        kind={kind}
        form={form}
        complaints={complaints}
        fields={{ kind, once }}
        secret={secret}
        word="Make it"
      />
    </Layout>
  );
}

interface EditPageProps {
  webhook: ListedWebhook;
  form: Form;
  complaints: readonly Complaint[];
  nowMs: number;
}

function EditPage({ webhook, form, complaints, nowMs }: EditPageProps) {
  return (
    <Layout title="Change a webhook" nowMs={nowMs} signedIn={true}>
      <section class="run-head" aria-labelledby="form-title">
        <WebhookCrumbs webhook={webhook} page="edit" />
        <h1 id="form-title">Change this webhook</h1>
        <p class="detail">What it has yet to be told goes to where it leads then.</p>
      </section>
      <WebhookForm
        action={`${webhookPath(webhook.id)}/edit`}
        kind={webhook.kind}
        form={form}
        complaints={complaints}
        fields={{}}
        secret={null}
        word="Change it"
      />
    </Layout>
  );
}

interface SecretPageProps {
  webhook: ListedWebhook;
  secret: string;
  complaints: readonly Complaint[];
  /** When the webhook was changed last, as the page knows it. */
  updatedAt: string;
  nowMs: number;
}

function SecretPage({ webhook, secret, complaints, updatedAt, nowMs }: SecretPageProps) {
  return (
    <Layout title="Another secret" nowMs={nowMs} signedIn={true}>
      <section class="run-head" aria-labelledby="form-title">
        <WebhookCrumbs webhook={webhook} page="secret" />
        <h1 id="form-title">Another secret</h1>
        <p class="detail">
          The one of before signs along for 24 hours, so that the subscriber can take its time.
        </p>
      </section>
      <form method="post" action={`${webhookPath(webhook.id)}/secret`} class="card form">
        <input type="hidden" name="updated_at" value={updatedAt} />
        {complaintsElsewhere(complaints, ["secret"]).map(({ message }) => (
          <p class="problem" role="alert">
            <bdi>{visible(message)}</bdi>
          </p>
        ))}
        <SecretField secret={secret} complaints={complaints} />
        <button type="submit">Sign with it from now on</button>
      </form>
    </Layout>
  );
}
