/** Webhooks on D1. `wants` follows from what a webhook is subscribed to and whether it is in force, and is what the triggers read. */

import { NOTIFICATION_GIVE_UP_MS } from "../core/limits.ts";
import { factWordsOf } from "../core/webhook/event-types.ts";
import { targetName } from "../core/webhook/target-name.ts";
import type { WebhookSpec } from "../core/webhook/webhook.ts";
import type { SealedText, StoredWebhook, WebhookStore } from "../flow/ports/webhooks.ts";

interface Row {
  org_id: string;
  id: string;
  spec: string;
  revision: number;
  created_at: number;
  updated_at: number;
  disabled_at: number | null;
  disabled_why: string | null;
  failing_since: number | null;
  failed_at: number | null;
  key_id: string;
  iv: ArrayBuffer;
  ciphertext: ArrayBuffer;
  old_key_id: string | null;
  old_iv: ArrayBuffer | null;
  old_ciphertext: ArrayBuffer | null;
  old_until: number | null;
}

/** All that a change of a webhook writes, in the order of `values`. */
const COLUMNS = [
  "spec",
  "wants",
  "revision",
  "updated_at",
  "disabled_at",
  "disabled_why",
  "failing_since",
  "failed_at",
  "key_id",
  "iv",
  "ciphertext",
  "old_key_id",
  "old_iv",
  "old_ciphertext",
  "old_until",
];
const SECRET_COLUMNS = COLUMNS.slice(-7, -1);

/** A store of webhooks on a D1 database that has the migrations. */
export function d1Webhooks(database: D1Database): WebhookStore {
  const all = async (query: string, ...values: unknown[]) => {
    const { results } = await database
      .prepare(query)
      .bind(...values)
      .all<Row>();
    return results.map(fromRow);
  };
  const changed = async (query: string, ...values: unknown[]) => {
    const { meta } = await database
      .prepare(query)
      .bind(...values)
      .run();
    return meta.changes > 0;
  };
  return {
    add: (webhook, most) =>
      changed(
        `INSERT INTO webhooks (org_id, id, created_at, ${COLUMNS.join(", ")})
         SELECT ?, ?, ?, ${COLUMNS.map(() => "?").join(", ")} WHERE (SELECT count(*) FROM webhooks WHERE org_id = ?) < ?`,
        ...[webhook.orgId, webhook.id, webhook.createdAt, ...values(webhook), webhook.orgId, most],
      ),

    async find(orgId, id) {
      const [webhook = null] = await all("SELECT * FROM webhooks WHERE org_id = ? AND id = ?", orgId, id);
      return webhook;
    },

    list: (orgId) => all("SELECT * FROM webhooks WHERE org_id = ? ORDER BY created_at, id", orgId),

    change: ({ orgId, id, revision }, after) =>
      changed(
        `UPDATE webhooks SET ${COLUMNS.map((column) => `${column} = ?`).join(", ")} WHERE org_id = ? AND id = ? AND revision = ?`,
        ...[...values(after), orgId, id, revision],
      ),

    remove: (orgId, id) => changed("DELETE FROM webhooks WHERE org_id = ? AND id = ?", orgId, id),

    async noteSuccess(orgId, id) {
      await changed(
        "UPDATE webhooks SET failing_since = NULL, failed_at = NULL WHERE org_id = ? AND id = ? AND disabled_at IS NULL",
        ...[orgId, id],
      );
    },

    async noteFailure(orgId, id, at) {
      const row = await database
        .prepare(
          `UPDATE webhooks SET failing_since = iif(?1 - failed_at <= ?2, coalesce(failing_since, ?1), ?1), failed_at = max(coalesce(failed_at, 0), ?1)
           WHERE org_id = ?3 AND id = ?4 AND disabled_at IS NULL RETURNING failing_since AS since`,
        )
        .bind(at, NOTIFICATION_GIVE_UP_MS, orgId, id)
        .first<{ since: number }>();
      return row?.since ?? null;
    },

    async disable(webhook, why, at, failingSince) {
      const { orgId, id } = webhook;
      const detail = `its notifications, to ${targetName(webhook)}, are not sent any more: ${why}`;
      await database.batch([
        database
          .prepare(
            `UPDATE webhooks SET disabled_at = ?1, disabled_why = ?2, wants = '', updated_at = ?1, revision = revision + 1
             WHERE org_id = ?3 AND id = ?4 AND disabled_at IS NULL AND (?5 IS NULL OR failing_since = ?5)`,
          )
          .bind(at, why, orgId, id, failingSince),
        database
          .prepare(
            `INSERT INTO alerts (org_id, type, job, schedule, due_at, at, run_id, detail)
             SELECT ?1, 'webhook_disabled', '', ?2, ?3, ?3, NULL, ?4 WHERE changes() > 0`,
          )
          .bind(orgId, id, at, detail),
      ]);
    },

    underKeys: (keyIds, limit) =>
      all(
        `SELECT * FROM webhooks WHERE key_id IN (SELECT value FROM json_each(?1))
           OR old_key_id IN (SELECT value FROM json_each(?1)) ORDER BY updated_at LIMIT ?2`,
        ...[JSON.stringify(keyIds), limit],
      ),

    async reseal({ orgId, id, revision }, { secret, oldSecret }) {
      await changed(
        `UPDATE webhooks SET ${SECRET_COLUMNS.map((column) => `${column} = ?`).join(", ")} WHERE org_id = ? AND id = ? AND revision = ?`,
        ...[...sealedValues(secret), ...sealedValues(oldSecret), orgId, id, revision],
      );
    },
  };
}

function values(webhook: StoredWebhook): unknown[] {
  const { kind, url, description, email, events, jobs, tags } = webhook;
  const spec: WebhookSpec = { kind, url, description, email, events, jobs, tags };
  return [
    JSON.stringify(spec),
    webhook.disabledAt === null ? factWordsOf(events) : "",
    webhook.revision,
    webhook.updatedAt,
    webhook.disabledAt,
    webhook.disabledWhy,
    webhook.failingSince,
    webhook.failedAt,
    ...sealedValues(webhook.secret),
    ...sealedValues(webhook.oldSecret),
    webhook.oldSecretUntil,
  ];
}

function sealedValues(sealed: SealedText | null): unknown[] {
  return [sealed?.keyId ?? null, sealed?.iv ?? null, sealed?.ciphertext ?? null];
}

function fromRow(row: Row): StoredWebhook {
  const { old_key_id: oldKeyId, old_iv: oldIv, old_ciphertext: oldCiphertext } = row;
  return {
    ...(JSON.parse(row.spec) as WebhookSpec),
    orgId: row.org_id,
    id: row.id,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    disabledAt: row.disabled_at,
    disabledWhy: row.disabled_why,
    failingSince: row.failing_since,
    failedAt: row.failed_at,
    secret: { keyId: row.key_id, iv: new Uint8Array(row.iv), ciphertext: new Uint8Array(row.ciphertext) },
    oldSecret:
      oldKeyId === null || oldIv === null || oldCiphertext === null
        ? null
        : { keyId: oldKeyId, iv: new Uint8Array(oldIv), ciphertext: new Uint8Array(oldCiphertext) },
    oldSecretUntil: row.old_until,
  };
}
