/**
 * Notifications on D1. The key (target, line, number) makes one of each, however often a fact is taken up. Of the pending ones of a line only the
 * first has `next_at`, which {@link promoted} sees to in each batch that could change it. One that was resent (`tries_from` is later than
 * `created_at`) has its own: what came after it was told already, so nothing waits for it.
 */

import {
  NOTIFICATION_ATTEMPTS_KEPT,
  NOTIFICATIONS_SCAN_MAX,
  STANDING_SCAN_NOTIFICATIONS,
} from "../core/limits.ts";
import type { NotificationState } from "../core/notification/attempt.ts";
import type {
  DueTarget,
  Notification,
  NotificationKey,
  NotificationStore,
  TargetStanding,
} from "../flow/ports/notifications.ts";
import { readOutbox } from "./outbox.ts";

interface Row {
  webhook_id: string;
  line: string;
  seq: number;
  id: string;
  org_id: string;
  kind: string;
  type: string;
  payload: string;
  state: NotificationState;
  created_at: number;
  tries_from: number;
  tries: number;
  next_at: number | null;
  ended_at: number | null;
  attempts: string;
}

/** A store of notifications on a D1 database that has the migrations. */
export function d1Notifications(database: D1Database): NotificationStore {
  const prepared = (query: string, ...values: unknown[]) => database.prepare(query).bind(...values);
  const all = async (query: string, ...values: unknown[]) =>
    (await prepared(query, ...values).all<Row>()).results.map(fromRow);
  const insert = (made: object[], at: number, nextAt: number | null) =>
    prepared(
      `INSERT INTO notifications (webhook_id, line, seq, id, org_id, kind, type, payload, state, created_at, tries_from, tries, next_at,
         attempts)
       SELECT value ->> 'target', value ->> 'line', value ->> 'seq', value ->> 'id', value ->> 'orgId', value ->> 'kind',
         value ->> 'type', value ->> 'payload', 'pending', ?2, ?2, 0, ?3, '[]' FROM json_each(?1) WHERE true
       ON CONFLICT (webhook_id, line, seq) DO NOTHING`,
      ...[JSON.stringify(made), at, nextAt],
    );
  return {
    outbox: (after, limit) => readOutbox(database, after, limit),

    async hasOutbox() {
      return (await database.prepare("SELECT 1 FROM outbox LIMIT 1").first()) !== null;
    },

    async takeUp(rows, told, at) {
      const taken = prepared(
        `DELETE FROM outbox WHERE (source, seq) IN (SELECT value ->> 'source', value ->> 'seq' FROM json_each(?))`,
        JSON.stringify(rows.map(({ source, seq }) => ({ source, seq }))),
      );
      if (told.length === 0) await taken.run();
      else await database.batch([insert(told, at, null), promoted(database, told, at), taken]);
    },

    async add(notification, at, nextAt) {
      await insert([notification], at, nextAt).run();
    },

    due: (target, throughMs, limit) =>
      all(
        "SELECT * FROM notifications WHERE webhook_id = ? AND next_at <= ? ORDER BY next_at, line LIMIT ?",
        ...[target, throughMs, limit],
      ),

    async nextDueAt(target) {
      const row = await prepared(
        "SELECT min(next_at) AS at FROM notifications WHERE webhook_id = ? AND next_at IS NOT NULL",
        target,
      ).first<{ at: number | null }>();
      return row?.at ?? null;
    },

    async dueTargets(limit, nowMs) {
      // From target to target in the index: a subscriber that was down for long has many lines.
      const { results } = await database
        .prepare(
          `WITH RECURSIVE targets (id) AS (SELECT min(webhook_id) FROM notifications WHERE next_at IS NOT NULL
             UNION ALL SELECT (SELECT min(webhook_id) FROM notifications WHERE webhook_id > targets.id AND next_at IS NOT NULL)
             FROM targets WHERE targets.id IS NOT NULL)
           SELECT t.id AS target, (SELECT min(n.next_at) FROM notifications n WHERE n.webhook_id = t.id AND n.next_at IS NOT NULL) AS atMs
           FROM targets t WHERE t.id IS NOT NULL ORDER BY max(atMs, ?2), random() LIMIT ?1`,
        )
        .bind(limit, nowMs)
        .all<DueTarget>();
      return results;
    },

    async recordAttempt(tried, { state, nextAt, attempt }, at) {
      const isOver = state !== "pending";
      // Meanwhile it can have been dropped, or tried by another, who was first.
      const isFirst = "(state = 'pending' AND tries = ?5)";
      const isNews = `(${isFirst} OR ?1 = 'delivered' AND state <> 'delivered')`;
      const record = prepared(
        `UPDATE notifications SET state = iif(${isNews}, ?1, state), next_at = iif(${isNews}, ?2, next_at),
           ended_at = iif(${isNews}, ?3, ended_at), tries = tries + (${isNews} OR state <> 'pending'),
           attempts = json_insert(iif(json_array_length(attempts) >= ?6, json_remove(attempts, '$[0]'), attempts), '$[#]', json(?4))
         WHERE webhook_id = ?7 AND line = ?8 AND seq = ?9`,
        ...[
          state,
          nextAt,
          isOver ? at : null,
          JSON.stringify(attempt),
          tried.tries,
          NOTIFICATION_ATTEMPTS_KEPT,
        ],
        ...[tried.target, tried.line, tried.seq],
      );
      if (isOver) await database.batch([record, promoted(database, [tried], at)]);
      else await record.run();
    },

    async waitedFor({ state, nextAt, target, line }) {
      if (state !== "pending" || nextAt !== null) return null;
      const [first = null] = await all(
        `SELECT * FROM notifications WHERE webhook_id = ? AND line = ? AND next_at IS NOT NULL AND tries_from = created_at
         ORDER BY seq LIMIT 1`,
        ...[target, line],
      );
      return first;
    },

    async hurry({ target, line, seq }, at) {
      await prepared(
        "UPDATE notifications SET next_at = ?1 WHERE webhook_id = ?2 AND line = ?3 AND seq = ?4 AND next_at > ?1",
        ...[at, target, line, seq],
      ).run();
    },

    async hurryAll(target, limit, at) {
      const { meta } = await prepared(
        `UPDATE notifications SET next_at = ?1 WHERE (webhook_id, line, seq) IN
           (SELECT webhook_id, line, seq FROM notifications WHERE webhook_id = ?2 AND next_at > ?1 LIMIT ?3)`,
        ...[at, target, limit],
      ).run();
      return meta.changes;
    },

    async drop(target, lines, at) {
      const { results } = await prepared(
        `UPDATE notifications SET state = 'dropped', next_at = NULL, ended_at = ?2
         WHERE webhook_id = ?1 AND state = 'pending' AND line IN
           (SELECT line FROM notifications WHERE webhook_id = ?1 AND next_at IS NOT NULL ORDER BY next_at LIMIT ?3)
         RETURNING line`,
        ...[target, at, lines],
      ).all<{ line: string }>();
      return new Set(results.map(({ line }) => line)).size;
    },

    async find(orgId, target, id) {
      const [found = null] = await all(
        "SELECT * FROM notifications WHERE webhook_id = ? AND id = ? AND org_id = ?",
        ...[target, id, orgId],
      );
      return found;
    },

    async list(orgId, target, { state, type, line, beforeId, limit }) {
      const before = beforeId ?? "\uffff";
      const fits = `(?3 IS NULL OR state = ?3) AND (?4 IS NULL OR type = ?4) AND org_id = ?5`;
      if (line !== null) {
        const notifications = await all(
          `SELECT * FROM notifications WHERE webhook_id = ?1 AND id < ?2 AND line = ?6 AND ${fits} ORDER BY seq DESC LIMIT ?7`,
          ...[target, before, state, type, orgId, line, limit + 1],
        );
        return pageOf(notifications, limit, null);
      }
      // Where few fit, as many are looked at as one call may.
      const scanned = state === null && type === null ? limit + 1 : NOTIFICATIONS_SCAN_MAX;
      const scan = `(SELECT * FROM notifications WHERE webhook_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?6)`;
      const [{ results: found }, { results: last }] = (await database.batch([
        prepared(
          `SELECT * FROM ${scan} WHERE ${fits} ORDER BY id DESC LIMIT ?7`,
          ...[target, before, state, type, orgId, scanned, limit + 1],
        ),
        prepared(
          "SELECT id FROM notifications WHERE webhook_id = ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ?",
          ...[target, before, scanned - 1],
        ),
      ])) as [D1Result<Row>, D1Result<{ id: string }>];
      return pageOf(found.map(fromRow), limit, last[0]?.id ?? null);
    },

    ofLine: (orgId, targets, line, limit) =>
      all(
        `SELECT * FROM notifications WHERE webhook_id IN (SELECT value FROM json_each(?)) AND line = ? AND org_id = ?
         ORDER BY id LIMIT ?`,
        ...[JSON.stringify(targets), line, orgId, limit],
      ),

    async standings(targets) {
      // What is pending by the first ones of its lines, which have an index; most lines have few.
      const { results } = await prepared(
        `SELECT w.value AS target,
           (SELECT count(*) FROM (SELECT 1 FROM notifications d CROSS JOIN notifications p ON p.webhook_id = d.webhook_id AND p.line = d.line
             WHERE d.webhook_id = w.value AND d.next_at IS NOT NULL AND p.state = 'pending' LIMIT ?2)) AS waiting,
           (SELECT max(n.ended_at) FROM (SELECT state, ended_at FROM notifications WHERE webhook_id = w.value
             ORDER BY id DESC LIMIT ?3) n WHERE n.state = 'delivered') AS deliveredAt
         FROM json_each(?1) w ORDER BY w.key`,
        ...[JSON.stringify(targets), NOTIFICATIONS_SCAN_MAX, STANDING_SCAN_NOTIFICATIONS],
      ).all<TargetStanding>();
      return results;
    },

    async resend(orgId, target, id, at) {
      const { meta } = await prepared(
        `UPDATE notifications SET state = 'pending', next_at = ?1, tries_from = max(?1, created_at + 1), tries = 0, ended_at = NULL
         WHERE webhook_id = ?2 AND id = ?3 AND org_id = ?4 AND state <> 'pending'`,
        ...[at, target, id, orgId],
      ).run();
      return meta.changes > 0;
    },

    async forget(beforeId, limit) {
      const { meta } = await prepared(
        `DELETE FROM notifications WHERE (webhook_id, line, seq) IN (
           WITH RECURSIVE targets (id) AS (SELECT min(webhook_id) FROM notifications
             UNION ALL SELECT (SELECT min(webhook_id) FROM notifications WHERE webhook_id > targets.id)
             FROM targets WHERE targets.id IS NOT NULL)
           SELECT n.webhook_id, n.line, n.seq FROM targets t CROSS JOIN notifications n INDEXED BY notifications_listed
           ON n.webhook_id = t.id AND n.id < ?1 WHERE n.state <> 'pending' LIMIT ?2)`,
        ...[beforeId, limit],
      ).run();
      return meta.changes;
    },
  };
}

/** Has the first pending one of each of these lines be sent, where none is to be but what was resent. */
function promoted(database: D1Database, lines: NotificationKey[], at: number): D1PreparedStatement {
  const wanted = new Map(lines.map(({ target, line }) => [`${target}/${line}`, { target, line }]));
  return database
    .prepare(
      `UPDATE notifications AS n SET next_at = ?2
       FROM (SELECT w.value ->> 'target' AS webhook_id, w.value ->> 'line' AS line,
           (SELECT p.seq FROM notifications p WHERE p.webhook_id = w.value ->> 'target' AND p.line = w.value ->> 'line'
             AND p.state = 'pending' AND p.tries_from = p.created_at ORDER BY p.seq LIMIT 1) AS seq
         FROM json_each(?1) w
         WHERE NOT EXISTS (SELECT 1 FROM notifications o WHERE o.webhook_id = w.value ->> 'target' AND o.line = w.value ->> 'line'
           AND o.next_at IS NOT NULL AND o.tries_from = o.created_at)) first
       WHERE n.webhook_id = first.webhook_id AND n.line = first.line AND n.seq = first.seq`,
    )
    .bind(JSON.stringify([...wanted.values()]), at);
}

/** @param lastSeenId the last one that was looked at, where there were more than that */
function pageOf(found: Notification[], limit: number, lastSeenId: string | null) {
  const notifications = found.slice(0, limit);
  const isFull = found.length > limit;
  return { notifications, nextBefore: isFull ? (notifications.at(-1)?.id ?? null) : lastSeenId };
}

function fromRow(row: Row): Notification {
  return {
    target: row.webhook_id,
    line: row.line,
    seq: row.seq,
    id: row.id,
    orgId: row.org_id,
    kind: row.kind,
    type: row.type,
    payload: row.payload,
    state: row.state,
    createdAt: row.created_at,
    triesFrom: row.tries_from,
    tries: row.tries,
    nextAt: row.next_at,
    endedAt: row.ended_at,
    attempts: JSON.parse(row.attempts),
  };
}
