/** What callers do with webhooks: subscribe, change, rotate, enable, try. */

import { AppError } from "../core/error.ts";
import {
  NOTIFICATION_TEST_LEAD_MS,
  NOTIFIER_DROP_LINES,
  NOTIFIER_MAX_DROPS,
  WEBHOOK_OLD_SECRET_MS,
  WEBHOOKS_MAX_COUNT,
} from "../core/limits.ts";
import { isSameJson } from "../core/same-json.ts";
import { TEST_EVENT } from "../core/webhook/event-types.ts";
import { hasSecretUrl, maskedUrl } from "../core/webhook/masked-url.ts";
import { specComplaints } from "../core/webhook/spec-complaints.ts";
import type { WebhookSpec } from "../core/webhook/webhook.ts";
import { sendOne } from "./notify.ts";
import type { Notification, NotificationStore, Notifiers } from "./ports/notifications.ts";
import type { SecretKeeper } from "./ports/secrets.ts";
import type { StoredWebhook, WebhookKeeper, WebhookStore } from "./ports/webhooks.ts";
import type { Clock } from "./ports.ts";
import { hurryTarget } from "./send-again.ts";
import { destination, TO_WEBHOOK, type WebhookEdge } from "./tell-webhooks.ts";

export interface WebhookPorts {
  webhooks: WebhookStore;
  webhookKeeper: WebhookKeeper;
  notifications: NotificationStore;
  notifiers: Notifiers;
  sendToWebhook: WebhookEdge["send"];
  secrets: Pick<SecretKeeper, "complaints">;
  webhookId(): string;
  notificationId(nowMs: number): string;
  clock: Clock;
  orgId: string;
}

/** @throws AppError `not_found` */
export async function loadWebhook({ webhooks, orgId }: WebhookPorts, id: string): Promise<StoredWebhook> {
  const webhook = await webhooks.find(orgId, id);
  if (webhook === null) throw new AppError("not_found", `there is no webhook ${id.slice(0, 64)}`, "path.id");
  return webhook;
}

/**
 * @param secret as its subscriber has it already; null for one by chance
 * @returns the webhook and its secret, which is told this once
 * @throws AppError
 */
export async function subscribe(
  ports: WebhookPorts,
  spec: WebhookSpec,
  secret: string | null,
): Promise<{ webhook: StoredWebhook; secret: string }> {
  const { webhooks, webhookKeeper, clock, orgId } = ports;
  await checkSpec(ports, spec, null);
  const id = ports.webhookId();
  const given = hasSecretUrl(spec.kind) ? spec.url : (secret ?? webhookKeeper.newSecret());
  const now = clock.now();
  const webhook: StoredWebhook = {
    ...told(spec),
    orgId,
    id,
    revision: 1,
    createdAt: now,
    updatedAt: now,
    disabledAt: null,
    disabledWhy: null,
    failingSince: null,
    failedAt: null,
    secret: await webhookKeeper.seal(orgId, id, given),
    oldSecret: null,
    oldSecretUntil: null,
  };
  if (!(await webhooks.add(webhook, WEBHOOKS_MAX_COUNT)))
    throw new AppError(
      "invalid_input",
      `there are ${WEBHOOKS_MAX_COUNT} webhooks, which is as many as there can be; delete one first`,
    );
  return { webhook, secret: given };
}

/**
 * What it has yet to be told goes to where it leads then, at once where that is elsewhere.
 * @param isEnabled puts it into force or out of it along with the rest; null leaves that as it is
 * @throws AppError
 */
export async function changeWebhook(
  ports: WebhookPorts,
  id: string,
  changed: (before: WebhookSpec) => WebhookSpec,
  isEnabled: boolean | null = null,
): Promise<StoredWebhook> {
  const { webhookKeeper, orgId, clock } = ports;
  let isElsewhere = false;
  const webhook = await change(ports, id, async (before) => {
    const spec = changed(before);
    await checkSpec(ports, spec, before);
    isElsewhere = spec.url !== before.url || !isSameJson(spec.email, before.email);
    const after = { ...before, ...spec, ...inForce(before, isEnabled, clock.now()) };
    if (!hasSecretUrl(spec.kind) || spec.url === before.url) return after;
    return { ...after, ...told(spec), secret: await webhookKeeper.seal(orgId, id, spec.url) };
  });
  if (isEnabled === false) await dropPending(ports, id);
  else if (isEnabled || isElsewhere) await hurryTarget(ports, id);
  return webhook;
}

/** What of a webhook changes where it is put into force or out of it by hand. */
function inForce(
  { disabledAt }: StoredWebhook,
  isEnabled: boolean | null,
  now: number,
): Partial<StoredWebhook> {
  if (isEnabled === null || isEnabled === (disabledAt === null)) return {};
  return isEnabled
    ? { disabledAt: null, disabledWhy: null, failingSince: null, failedAt: null }
    : { disabledAt: now, disabledWhy: "by hand" };
}

/** As it is told, and stored in clear: a URL that is a secret is sealed as one. */
function told(spec: WebhookSpec): WebhookSpec {
  return hasSecretUrl(spec.kind) ? { ...spec, url: maskedUrl(spec.url) } : spec;
}

/**
 * The secret of before signs along for a day, so that the subscriber can take its time.
 * @param seenAt when the webhook was changed last, as far as whoever asks for this knows; null where that does not matter. If it was changed
 * since, the secret stays as it is
 * @throws AppError `invalid_input` with the path "updated_at" where it was changed since, unless this secret is what it has
 */
export async function rotateSecret(
  ports: WebhookPorts,
  id: string,
  secret: string | null,
  seenAt: number | null = null,
): Promise<{ webhook: StoredWebhook; secret: string }> {
  const { webhookKeeper, orgId, clock } = ports;
  const given = secret ?? webhookKeeper.newSecret();
  const sealed = await webhookKeeper.seal(orgId, id, given);
  const webhook = await change(ports, id, async (before) => {
    if (before.kind !== "standard")
      throw new AppError(
        "invalid_input",
        `what a webhook of kind ${before.kind} is told is not signed, so there is no secret to change`,
        "path.id",
      );
    if (seenAt !== null && before.updatedAt !== seenAt) {
      if (await webhookKeeper.isSecret(before, given)) return null;
      throw new AppError(
        "invalid_input",
        "somebody has changed the webhook meanwhile, so its secret was left as it is; sent once more, this one takes its place",
        "updated_at",
      );
    }
    return {
      ...before,
      secret: sealed,
      oldSecret: before.secret,
      oldSecretUntil: clock.now() + WEBHOOK_OLD_SECRET_MS,
    };
  });
  return { webhook, secret: given };
}

/**
 * Puts a disabled webhook into force again. What happened meanwhile it is not told. Whoever enables one that only fails has mended it: what
 * waits for its next attempt is sent at once.
 */
export async function enableWebhook(ports: WebhookPorts, id: string): Promise<StoredWebhook> {
  const webhook = await change(ports, id, (before) =>
    before.disabledAt === null ? null : { ...before, ...inForce(before, true, ports.clock.now()) },
  );
  await hurryTarget(ports, id);
  return webhook;
}

/**
 * Puts a webhook out of force by hand: it is told nothing until it is enabled, and what is pending ends at once, as somebody may enable
 * it soon. Who did that knows: no alert.
 */
export async function disableWebhook(ports: WebhookPorts, id: string): Promise<StoredWebhook> {
  const webhook = await change(ports, id, (before) =>
    before.disabledAt === null ? { ...before, ...inForce(before, false, ports.clock.now()) } : null,
  );
  await dropPending(ports, id);
  return webhook;
}

async function dropPending({ notifications, clock }: WebhookPorts, id: string): Promise<void> {
  const now = clock.now();
  // Of what is more than this the notifier ends each when it is due.
  for (let drops = 0; drops < NOTIFIER_MAX_DROPS; drops++)
    if ((await notifications.drop(id, NOTIFIER_DROP_LINES, now)) < NOTIFIER_DROP_LINES) break;
}

/** Sends a notification that nothing brought about, once, also to a webhook that is disabled. @returns it, with the attempt */
export async function tryWebhook(ports: WebhookPorts, id: string, payload: string): Promise<Notification> {
  const { notifications, webhooks, clock, orgId } = ports;
  const webhook = await loadWebhook(ports, id);
  const now = clock.now();
  const notificationId = ports.notificationId(now);
  const line = `test_${notificationId}`;
  const made = { target: id, line, seq: 1, orgId, kind: TO_WEBHOOK, type: TEST_EVENT, payload };
  // Kept before it is sent: who dies here leaves one that is sent later.
  await notifications.add({ ...made, id: notificationId }, now, now + NOTIFICATION_TEST_LEAD_MS);
  const tried = { ...made, id: notificationId, tries: 0, triesFrom: now, attempts: [] };
  await sendOne(ports, destination(webhooks, webhook, ports.sendToWebhook), tried);
  const told = await notifications.find(orgId, id, notificationId);
  if (told === null) throw new Error(`the notification ${notificationId} that was just stored is missing`);
  return told;
}

/** Changes as it is by then, whoever else does. @param changed null where nothing is to be changed */
async function change(
  ports: WebhookPorts,
  id: string,
  changed: (before: StoredWebhook) => StoredWebhook | null | Promise<StoredWebhook | null>,
): Promise<StoredWebhook> {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await loadWebhook(ports, id);
    const wanted = await changed(before);
    if (wanted === null) return before;
    const after = { ...wanted, revision: before.revision + 1, updatedAt: ports.clock.now() };
    if (await ports.webhooks.change(before, after)) return after;
  }
  throw new AppError("unavailable", "the webhook is being changed by others right now; try again");
}

/** Others who may change a webhook first before this one gives up. */
const TRIES = 5;

/** @throws AppError `invalid_input` also for what only the world can tell: where the URL leads, and whether the secret is there */
async function checkSpec(
  { webhookKeeper, secrets, orgId }: WebhookPorts,
  spec: WebhookSpec,
  before: WebhookSpec | null,
): Promise<void> {
  const { url, email } = spec;
  const complaints = specComplaints(spec);
  const isRight = (field: string) => complaints.every(({ path }) => path !== field);
  const isElsewhere = url !== before?.url || email?.provider !== before.email?.provider;
  if (isElsewhere && isRight("url")) {
    const message = await webhookKeeper.targetComplaint(url, isRight("email") ? email : null);
    if (message !== null) complaints.push({ path: "url", message });
  }
  if (email !== null && email.secret !== before?.email?.secret && isRight("email")) {
    const [complaint] = await secrets.complaints(orgId, { KEY: email.secret });
    if (complaint !== undefined) complaints.push({ path: "email.secret", message: complaint.message });
  }
  const [wrong, ...others] = complaints;
  if (wrong !== undefined) throw new AppError("invalid_input", wrong.message, wrong.path, others);
}
