/** Where webhooks are kept, and what guards their secrets and targets. */

import type { EmailSettings, Webhook } from "../../core/webhook/webhook.ts";

/** A text as it is stored: encrypted, with the name of its key. */
export interface SealedText {
  keyId: string;
  iv: Uint8Array<ArrayBuffer>;
  ciphertext: Uint8Array<ArrayBuffer>;
}

export interface StoredWebhook extends Webhook {
  /** What its notifications are signed with; of a kind whose URL is a secret that, of which `url` tells no more than may be told. */
  secret: SealedText;
  /** What was the secret before, for as long as it signs along; null with `oldSecretUntil`. */
  oldSecret: SealedText | null;
}

export interface WebhookStore {
  /** False where there are as many already. */
  add(webhook: StoredWebhook, most: number): Promise<boolean>;
  find(orgId: string, id: string): Promise<StoredWebhook | null>;
  /** The oldest first. */
  list(orgId: string): Promise<StoredWebhook[]>;
  /** Changes it unless another was first, by its revision. False where nothing is changed. */
  change(before: Webhook, after: StoredWebhook): Promise<boolean>;
  remove(orgId: string, id: string): Promise<boolean>;
  /** It has taken something. */
  noteSuccess(orgId: string, id: string): Promise<void>;
  /**
   * It has not taken something. Failures count together while each follows the one before as a retry could: what failed once a week ago,
   * and was not asked since, is no week without success. Whatever has been noted meanwhile counts.
   * @returns since when it takes nothing; null where it is not in force
   */
  noteFailure(orgId: string, id: string, at: number): Promise<number | null>;
  /**
   * Puts it out of force and records the alert, which names its target, once.
   * @param failingSince only where it takes nothing since then; null for any case
   */
  disable(webhook: Webhook, why: string, at: number, failingSince: number | null): Promise<void>;
  /** Webhooks with a secret under one of these keys. */
  underKeys(keyIds: string[], limit: number): Promise<StoredWebhook[]>;
  /** Replaces what is stored of its secrets by the same under another key, unless somebody has changed it. */
  reseal(before: StoredWebhook, after: Pick<StoredWebhook, "secret" | "oldSecret">): Promise<void>;
}

/** The secrets of webhooks, and where these may lead. */
export interface WebhookKeeper {
  /** One by chance, as Standard Webhooks spells them. */
  newSecret(): string;
  seal(orgId: string, webhookId: string, secret: string): Promise<SealedText>;
  /** Whether this is what its notifications are signed with. */
  isSecret(webhook: StoredWebhook, secret: string): Promise<boolean>;
  /**
   * Why a URL can not be sent to; null where it can.
   * @param email what is sent there are e-mails
   * @throws AppError `unavailable` where that can not be told right now
   */
  targetComplaint(url: string, email?: EmailSettings | null): Promise<string | null>;
  /** A bounded part of what is to be done now and then: encrypts anew what is under old keys. */
  tend(): Promise<void>;
}
