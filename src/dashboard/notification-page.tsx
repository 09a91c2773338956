/** The page of one notification: what a webhook was told, every attempt at it, and the button that sends it again. */

import { type Context, Hono } from "hono";
import type { NotificationBody } from "../api/webhook-schema.ts";
import { Attempts } from "./parts/attempts.tsx";
import { BodyPanel } from "./parts/body-panel.tsx";
import { Code, Fact } from "./parts/fact.tsx";
import { Layout } from "./parts/layout.tsx";
import { NotificationStanding, SendAgain } from "./parts/notification-standing.tsx";
import { ClockTime } from "./parts/times.tsx";
import { WebhookCrumbs } from "./parts/webhook-head.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownNotificationPage } from "./problem.tsx";
import type { ListedWebhook, NotificationName } from "./webhook-ports.ts";
import { formOf } from "./words/form.ts";
import { notificationPath, runPath } from "./words/paths.ts";

/** Without a script the page loads itself again this often while it is pending. */
const REFRESH_S = 5;

export function notificationPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/webhooks/:id/notifications/:notification", async (c) => {
    const name = nameOf(c);
    const [webhook, notification] = await Promise.all([
      ports.getWebhook(name.webhook),
      ports.getNotification(name),
    ]);
    if (webhook === null || notification === null) return unknownNotification(c);
    const props = { webhook, notification, isRaw: c.req.query("body") === "raw", nowMs: ports.now() };
    return c.html(c.req.query("part") === "list" ? <Parts {...props} /> : <NotificationPage {...props} />);
  });

  app.post("/webhooks/:id/notifications/:notification/resend", async (c) => {
    const name = nameOf(c);
    const { ended_at: endedAt = "" } = formOf(await c.req.parseBody());
    const isThere = await ports.resendNotification(name, endedAt);
    return isThere ? c.redirect(notificationPath(name), 303) : unknownNotification(c);
  });

  function unknownNotification(c: Context) {
    return c.html(<UnknownNotificationPage nowMs={ports.now()} />, 404);
  }

  return app;
}

function nameOf(c: Context): NotificationName {
  return { webhook: c.req.param("id") ?? "", id: c.req.param("notification") ?? "" };
}

interface NotificationPageProps {
  webhook: ListedWebhook;
  notification: NotificationBody;
  /** The body as it is sent, and not laid out. */
  isRaw: boolean;
  nowMs: number;
}

function NotificationPage(props: NotificationPageProps) {
  const { webhook, notification, isRaw, nowMs } = props;
  const path = notificationPath({ webhook: webhook.id, id: notification.id });
  const isPending = notification.state === "pending";
  return (
    <Layout
      title={`${notification.type} for ${webhook.id}`}
      nowMs={nowMs}
      signedIn={true}
      refresh={isPending ? { everyS: REFRESH_S, url: path } : null}
    >
      <NotificationHead {...props} />
      <div class="columns">
        <div class="column">
          <Attempts attempts={notification.attempts} nowMs={nowMs} />
          <BodyPanel
            path={path}
            body={JSON.stringify(notification.payload)}
            base64={null}
            isRaw={isRaw}
            rawWord="As it is sent"
          />
        </div>
        <section class="card facts" aria-labelledby="facts-title">
          <h2 id="facts-title">Facts</h2>
          <dl>
            {notification.run_id !== null && (
              <Fact name="Run">
                <a href={runPath(notification.run_id)}>
                  <Code text={notification.run_id} />
                </a>
              </Fact>
            )}
            <Fact name="Made">
              <ClockTime at={notification.created_at} zone={null} />
            </Fact>
            <Fact name="webhook-id">
              <Code text={notification.id} />
            </Fact>
          </dl>
        </section>
      </div>
    </Layout>
  );
}

/** What the script fetches again. */
function Parts(props: NotificationPageProps) {
  return (
    <>
      <NotificationHead {...props} />
      <Attempts attempts={props.notification.attempts} nowMs={props.nowMs} />
    </>
  );
}

function NotificationHead({ webhook, notification, nowMs }: NotificationPageProps) {
  const { id, type, state, ended_at: endedAt, waits_for: waitsFor } = notification;
  const path = notificationPath({ webhook: webhook.id, id });
  return (
    <section
      class="run-head"
      id="notification-head"
      data-part
      data-list={`${path}?part=list`}
      data-refresh={state === "pending" ? "" : undefined}
      aria-labelledby="notification-title"
    >
      <WebhookCrumbs webhook={webhook} page={type} />
      <div class="title">
        <h1 id="notification-title">{type}</h1>
        {webhook.disabled_at === null && <SendAgain path={path} endedAt={endedAt} />}
      </div>
      <NotificationStanding
        notification={notification}
        waitsFor={waitsFor && notificationPath({ webhook: webhook.id, id: waitsFor })}
        nowMs={nowMs}
      />
      {STATE_DETAIL[state] !== null && <p class="detail">{STATE_DETAIL[state]}</p>}
      {webhook.disabled_at !== null && (
        <p class="detail">Its webhook is disabled: enable that first to have it sent again.</p>
      )}
    </section>
  );
}

const STATE_DETAIL: Record<NotificationBody["state"], string | null> = {
  pending: null,
  delivered: null,
  given_up: "It was not taken for as long as it is tried.",
  dropped: "Its webhook was disabled before it was taken.",
};
