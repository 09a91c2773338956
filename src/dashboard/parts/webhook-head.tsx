/** The top of a webhook's page: where it leads, how it fares, and its buttons; and what else is said of it. */

import type { ListedWebhook, ShownWebhook } from "../webhook-ports.ts";
import { visible } from "../words/body-text.ts";
import { webhookPath } from "../words/paths.ts";
import { KIND_WORDS, targetWords } from "../words/webhooks.ts";
import { Confirmed } from "./confirmed.tsx";
import { Code, Fact } from "./fact.tsx";
import { Age } from "./times.tsx";
import { WebhookBadge } from "./webhook-badge.tsx";
import { Since, waitingWords } from "./webhook-table.tsx";

interface Props {
  webhook: ShownWebhook;
  nowMs: number;
}

/** @param page what is shown of the webhook; null for itself */
export function WebhookCrumbs({ webhook, page }: { webhook: ListedWebhook | null; page: string | null }) {
  return (
    <p class="crumbs">
      <a href="/webhooks">Webhooks</a>
      {webhook !== null && page !== null && (
        <>
          {" "}
          <span aria-hidden="true">/</span>{" "}
          <a href={webhookPath(webhook.id)}>
            <bdi>{targetWords(webhook)}</bdi>
          </a>
        </>
      )}
    </p>
  );
}

export function WebhookHead({ webhook, nowMs }: Props) {
  const path = webhookPath(webhook.id);
  const isDisabled = webhook.disabled_at !== null;
  /** What it has yet to be told can wait for an hour still, though somebody has mended it. */
  const isStuck = !isDisabled && webhook.failing_since !== null && webhook.waiting > 0;
  return (
    <section class="run-head" id="webhook-head" data-part aria-labelledby="webhook-title">
      <WebhookCrumbs webhook={webhook} page={null} />
      <div class="title">
        <h1 id="webhook-title">
          <bdi>{targetWords(webhook)}</bdi>
        </h1>
        <div class="buttons">
          <form method="post" action={`${path}/test`}>
            <button type="submit" class="plain" id="test">
              Try it
            </button>
          </form>
          {isStuck && (
            <form method="post" action={`${path}/enable`}>
              <button type="submit" id="hurry">
                Send what waits now
              </button>
            </form>
          )}
          <form method="post" action={`${path}/${isDisabled ? "enable" : "disable"}`}>
            <button type="submit" class={isDisabled ? "" : "plain"} id="enable">
              {isDisabled ? "Enable" : "Disable"}
            </button>
          </form>
        </div>
      </div>
      {webhook.description !== null && (
        <p class="description">
          <bdi>{visible(webhook.description)}</bdi>
        </p>
      )}
      <div class="state">
        <WebhookBadge webhook={webhook} />
        <Since webhook={webhook} nowMs={nowMs} />
        <span class="muted">
          {webhook.last_delivered_at !== null && (
            <>
              {"took something last "}
              <Age at={webhook.last_delivered_at} nowMs={nowMs} />
              {", "}
            </>
          )}
          {`${waitingWords(webhook)} waiting`}
        </span>
      </div>
      {isDisabled && (
        <p class="detail">
          It is told nothing. What happens until it is enabled it is not told later, either, and what is
          pending ends.
        </p>
      )}
      {webhook.notes.map(({ message }) => (
        <p class="warning">
          <bdi>{visible(`${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`)}</bdi>
        </p>
      ))}
    </section>
  );
}

export function WebhookFacts({ webhook, nowMs }: Props) {
  const path = webhookPath(webhook.id);
  const { email, jobs, tags, old_secret_until: oldUntil } = webhook;
  return (
    <section class="card facts" aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl>
        <Fact name="Kind">{KIND_WORDS[webhook.kind]}</Fact>
        <Fact name="URL">
          <Code text={webhook.url} />
        </Fact>
        <Fact name="Is told of">
          <ul>
            {webhook.events.map((event) => (
              <li>
                <code>{event}</code>
              </li>
            ))}
          </ul>
        </Fact>
        <Fact name="Jobs">
          {jobs === null ? "all, and runs without a job" : <Code text={jobs.join(", ")} />}
        </Fact>
        {tags !== null && (
          <Fact name="Tags">
            <ul class="tags">
              {Object.entries(tags).map(([key, value]) => (
                <li class="tag">
                  <bdi>{visible(key)}</bdi>: <bdi>{visible(value)}</bdi>
                </li>
              ))}
            </ul>
          </Fact>
        )}
        {email !== null && (
          <Fact name="E-mail">
            {`by ${email.provider}, with the key in the secret `}
            <Code text={email.secret} />
            {", from "}
            <Code text={email.from} />
          </Fact>
        )}
        {oldUntil !== null && Date.parse(oldUntil) > nowMs && (
          <Fact name="The secret of before">
            signs along until <time datetime={oldUntil}>{oldUntil.slice(0, 16).replace("T", " ")} UTC</time>
          </Fact>
        )}
        <Fact name="Made">
          <Age at={webhook.created_at} nowMs={nowMs} />
        </Fact>
        <Fact name="Webhook id">
          <Code text={webhook.id} />
        </Fact>
      </dl>
      <ul class="acts">
        <li>
          <a href={`${path}/edit`}>Change it</a>
        </li>
        {webhook.kind === "standard" && (
          <li>
            <a href={`${path}/secret`}>Another secret</a>
          </li>
        )}
      </ul>
      <Confirmed id="delete" summary="Delete…" action={`${path}/delete`} word="Delete this webhook">
        It is told nothing any more, not even what it has yet to be told, and what it was told is not shown
        any more.
      </Confirmed>
    </section>
  );
}
