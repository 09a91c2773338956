/** The outer side of webhooks: their secrets, where they may lead, and each attempt to send. */

import { AppError } from "../core/error.ts";
import { WEBHOOK_SECRET_BYTES, WEBHOOKS_RESEALED_PER_SWEEP } from "../core/limits.ts";
import type { SendResult } from "../core/notification/attempt.ts";
import { hasSecretUrl } from "../core/webhook/masked-url.ts";
import { emailTargetComplaint } from "../core/webhook/spec-complaints.ts";
import type { EmailSettings } from "../core/webhook/webhook.ts";
import type { DueNotification } from "../flow/ports/notifications.ts";
import type { SecretKeeper } from "../flow/ports/secrets.ts";
import type { SealedText, StoredWebhook, WebhookKeeper, WebhookStore } from "../flow/ports/webhooks.ts";
import type { WebhookEdge } from "../flow/tell-webhooks.ts";
import { openTarget, type TargetSettings } from "../outgoing/open-target.ts";
import { failed, type OutgoingRequest, type PostPorts, post } from "../outgoing/post.ts";
import type { Keyring } from "../secrets/keyring.ts";
import { payloadOf } from "./payload.ts";
import { emailRequest, slackRequest, standardRequest } from "./request.ts";

export interface WebhookSettings extends TargetSettings {
  /** Where browsers find this Mayfly, without a slash at its end; null where nobody knows. */
  publicUrl: string | null;
}

/** Why nothing was sent, and whether that says nothing of whom it was for. */
interface NotSent {
  why: string;
  isOurs: boolean;
}

const KEY_LOST =
  "the key that it was encrypted with is neither ENCRYPTION_KEY nor one of ENCRYPTION_KEYS_OLD";

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

  const targetOf = async (url: string, email: EmailSettings | null) => {
    // A stand-in of a provider is private.
    const complaint = email === null || settings.allowsPrivate ? null : emailTargetComplaint(url, email);
    return complaint === null ? refusal(url) : { why: complaint, isPassing: false };
  };

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
  ): Promise<OutgoingRequest | NotSent> => {
    switch (webhook.kind) {
      case "slack":
        return slackRequest(notification);
      case "email":
        return mailTo(webhook, notification);
      case "standard":
        return signedTo(webhook, notification);
    }
  };

  const mailTo = async ({ orgId, email }: StoredWebhook, notification: DueNotification) => {
    if (email === null) return { why: "nobody knows to whom the e-mail is to go", isOurs: false };
    const key = await secrets.value(orgId, email.secret);
    return key === null
      ? { why: `there is no secret ${email.secret}, which has the provider's key`, isOurs: false }
      : emailRequest(notification, email, key);
  };

  const signedTo = async (webhook: StoredWebhook, notification: DueNotification) => {
    const isOldValid = webhook.oldSecretUntil !== null && clock.now() < webhook.oldSecretUntil;
    const sealed = [webhook.secret, ...(isOldValid && webhook.oldSecret !== null ? [webhook.oldSecret] : [])];
    const signing = await Promise.all(sealed.map((each) => opened(webhook, each)));
    const [current] = signing;
    if (current === null || current === undefined)
      return { why: `its secret can not be opened: ${KEY_LOST}; rotate it`, isOurs: true };
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
      const notSent = ({ why, isOurs }: NotSent): SendResult => ({
        ...failed(at, clock.now() - at, why),
        ...(isOurs && { isOurs }),
      });
      try {
        const url = hasSecretUrl(webhook.kind) ? await opened(webhook, webhook.secret) : webhook.url;
        if (url === null)
          return notSent({ why: `its URL can not be opened: ${KEY_LOST}; give it again`, isOurs: true });
        const target = await targetOf(url, webhook.kind === "email" ? webhook.email : null);
        if (!(target instanceof URL))
          return notSent({ why: `the URL ${target.why}`, isOurs: target.isPassing });
        const request = await requestTo(webhook, notification);
        return "why" in request ? notSent(request) : await post(ports, target, request);
      } catch (error) {
        return notSent({ why: (error as Error).message, isOurs: true });
      }
    },

    newSecret() {
      const bytes = crypto.getRandomValues(new Uint8Array(WEBHOOK_SECRET_BYTES));
      return `whsec_${btoa(String.fromCharCode(...bytes))}`;
    },

    seal,
    isSecret: async (webhook, secret) => (await opened(webhook, webhook.secret)) === secret,

    async targetComplaint(given, email = null) {
      const target = await targetOf(given, email);
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
