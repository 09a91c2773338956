import type { WebhookBody } from "../../api/webhook-schema.ts";
import type { NotificationState } from "../../core/notification/attempt.ts";
import { STATE_WORDS } from "../words/webhooks.ts";

/** Whether a webhook is told what happens, as a word; its colour only repeats it. */
export function WebhookBadge({ webhook }: { webhook: WebhookBody }) {
  const { disabled_at: disabledAt, failing_since: failingSince } = webhook;
  if (disabledAt !== null) return <span class="badge word hook-off">Disabled</span>;
  if (failingSince !== null) return <span class="badge word hook-failing">Failing</span>;
  return <span class="badge word hook-on">In force</span>;
}

/** How a notification stands. */
export function NotificationBadge({ state }: { state: NotificationState }) {
  return <span class={`badge word told-${state}`}>{STATE_WORDS[state]}</span>;
}
