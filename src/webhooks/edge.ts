/** The outer side of webhooks: their secrets, where they may lead, and each attempt to send. */

import { AppError } from "../core/error.ts";
import { WEBHOOK_SECRET_BYTES, WEBHOOKS_RESEALED_PER_SWEEP } from "../core/limits.ts";
import type { SendResult } from "../core/webhook/attempt.ts";
import type { SecretKeeper } from "../flow/ports/secrets.ts";
import type {
  DueNotification,
  SealedText,
  StoredWebhook,
  WebhookKeeper,
  WebhookStore,
} from "../flow/ports/webhooks.ts";
import type { WebhookEdge } from "../flow/tell-webhooks.ts";
import type { Keyring } from "../secrets/keyring.ts";
import { openTarget, type TargetSettings } from "./open-target.ts";
import { payloadOf } from "./payload.ts";
import { failed, type PostPorts, post } from "./post.ts";
import { emailRequest, type OutgoingRequest, slackRequest, standardRequest } from "./request.ts";

export interface WebhookSettings extends TargetSettings {
  /** Where browsers find this Mayfly, without a slash at its end; null where nobody knows. */
  publicUrl: string | null;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

export function createWebhookEdge(
  ports: PostPorts & {
    webhooks: WebhookStore;
    keyring: Keyring;
    secrets: Pick<SecretKeeper, "value">;
    settings: WebhookSettings;
  },
): WebhookEdge & WebhookKeeper {
  const { webhooks, keyring, secrets, settings, clock } = ports;

  const refusal = (given: string) => openTarget(ports.fetch, settings, given);

  const opened = async ({ orgId, id }: StoredWebhook, sealed: SealedText): Promise<string | null> => {
    const bytes = await keyring.open(sealed, ownerOf(orgId, id));
    return bytes && text.decode(bytes);
  };

  const seal = (orgId: string, id: string, secret: string) =>
    keyring.seal(Uint8Array.from(utf8.encode(secret)), ownerOf(orgId, id));

  /** The request, or why there is none. */
  const requestTo = async (
    webhook: StoredWebhook,
    notification: DueNotification,
  ): Promise<OutgoingRequest | string> => {
    if (webhook.kind === "slack") return slackRequest(notification);
    if (webhook.email !== null) {
      const key = await secrets.value(webhook.orgId, webhook.email.secret);
      return key === null
        ? `there is no secret ${webhook.email.secret}, which has the provider's key`
        : emailRequest(notification, webhook.email, key);
    }
    const isOldValid = webhook.oldSecretUntil !== null && clock.now() < webhook.oldSecretUntil;
    const sealed = [webhook.secret, ...(isOldValid && webhook.oldSecret !== null ? [webhook.oldSecret] : [])];
    const signing = await Promise.all(sealed.map((each) => opened(webhook, each)));
    const [current] = signing;
    if (current === null || current === undefined)
      return "its secret can not be opened: the key that it was encrypted with is neither ENCRYPTION_KEY nor one of ENCRYPTION_KEYS_OLD; rotate it";
    return standardRequest(
      notification,
      signing.flatMap((secret) => secret ?? []),
      clock.now(),
    );
  };

  return {
    payload: (type, fact) => JSON.stringify(payloadOf(type, fact, settings.publicUrl)),

    async send(webhook, notification): Promise<SendResult> {
      const at = clock.now();
      try {
        const target = await refusal(webhook.url);
        if (!(target instanceof URL)) return failed(at, clock.now() - at, `the URL ${target.why}`);
        const request = await requestTo(webhook, notification);
        if (typeof request === "string") return failed(at, clock.now() - at, request);
        return await post(ports, target, request);
      } catch (error) {
        return failed(at, clock.now() - at, (error as Error).message);
      }
    },

    newSecret() {
      const bytes = crypto.getRandomValues(new Uint8Array(WEBHOOK_SECRET_BYTES));
      return `whsec_${btoa(String.fromCharCode(...bytes))}`;
    },

    seal,

    async targetComplaint(given) {
      const target = await refusal(given);
      if (target instanceof URL) return null;
      if (target.isPassing) throw new AppError("unavailable", `the URL: ${target.why}; try again`, "url");
      return target.why;
    },

    async tend() {
      const old = await keyring.oldIds();
      if (old.length === 0) return;
      for (const webhook of await webhooks.underKeys(old, WEBHOOKS_RESEALED_PER_SWEEP)) {
        const again = async (sealed: SealedText) => {
          const secret = await opened(webhook, sealed);
          return secret === null ? sealed : seal(webhook.orgId, webhook.id, secret);
        };
        const oldSecret = webhook.oldSecret && (await again(webhook.oldSecret));
        await webhooks.reseal(webhook, { secret: await again(webhook.secret), oldSecret });
      }
    },
  };
}

function ownerOf(orgId: string, webhookId: string): string {
  return JSON.stringify(["webhook", orgId, webhookId]);
}
