/**
 * The Store on Cloudflare D1 with Drizzle. A D1 batch is atomic, so whatever belongs together is one batch, and the
 * event's number in its primary key decides between two writers. SQL is known to this folder alone.
 */

import { and, asc, desc, eq, getTableColumns, gt, or, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { RunEvent } from "../core/event.ts";
import { applyEvents } from "../core/lifecycle.ts";
import { NO_OUTPUT, type OutputChunk, type OutputOffsets, type Stream } from "../core/output.ts";
import type { Run, RunState } from "../core/run.ts";
import type { NewDelivery } from "../flow/ports/hooks.ts";
import { CHAINS_NOTIFIER, OUTBOX_NOTIFIER } from "../flow/ports/notifications.ts";
import type { NewRun, Store, SweptOver } from "../flow/ports.ts";
import { isNoRoom, isNotArmed, isTakenDelivery, isTakenKey } from "./conflict.ts";
import { deliveredBy } from "./deliveries.ts";
import { firedBy, isStillDue } from "./firings.ts";
import { handedOverBy, handsOver, saidHandsOver } from "./handovers.ts";
import { emptyLaunches, nextForLaunches, nextLaunchTry, putLaunchBack, takeLaunch } from "./launch-pace.ts";
import { listRuns, summariesOf } from "./list.ts";
import { openRuns } from "./open-runs.ts";
import { isHeard, saidHeard } from "./outbox.ts";
import {
  changedTickets,
  dropLeftTickets,
  nextInQueue,
  olderInQueue,
  placeInQueue,
  queueHeads,
} from "./queues.ts";
import {
  attemptChanges,
  attemptFromRow,
  attemptToRow,
  chunkFromRow,
  chunkToRow,
  eventFromRow,
  eventToRow,
  runChanges,
  runFromRow,
  runToRow,
} from "./rows.ts";
import { attempts, idempotencyKeys, outputChunks, runEvents, runs, runTags, sweepCursors } from "./schema.ts";

type Db = DrizzleD1Database;
type Statements = [BatchItem<"sqlite">, ...BatchItem<"sqlite">[]];

/**
 * A store on a D1 database that has the migrations.
 * @param heard called with whoever has something to do for what was stored: what is in the outbox can be taken up, or jobs start
 */
export function d1Store(database: D1Database, heard: (notifier: string) => void = () => {}): Store {
  const db = drizzle(database);
  const committed = async (statements: Statements) => {
    const { result, called } = await commit(db, statements);
    for (const notifier of called) heard(notifier);
    return result;
  };
  // By its name and not by `this`, so that a call of it can be handed on.
  const store: Store = {
    async accept(state, events, key, delivery = null) {
      const { run } = state;
      const statements = insertRun(db, { state, events }, delivery);
      // First, so that a used key is what the batch fails with.
      if (key)
        statements.unshift(
          db
            .insert(idempotencyKeys)
            .values({ orgId: run.orgId, ...key, runId: run.id, usedAt: run.acceptedAt }),
        );
      const result = await committed(statements);
      if (result === "committed") return { kind: "accepted" };
      if (result === "no_room") return { kind: "no_room" };
      if (result === "delivered") return { kind: (await isStored(db, run.id)) ? "accepted" : "delivered" };
      if (result === "not_armed") return { kind: (await isStored(db, run.id)) ? "accepted" : "not_armed" };
      const used = key && (await store.usedKey(run.orgId, key.key));
      if (used && used.runId !== run.id) return { kind: "repeated", ...used };
      // Nobody else draws its id: this call was carried out before, and comes a second time.
      if (used || (await isStored(db, run.id))) return { kind: "accepted" };
      // Its start has a run already.
      if (run.firing?.startedByFly) return { kind: "not_armed" };
      throw new Error(`run ${run.id} can not be stored beside what is there`);
    },

    async acceptAll(news) {
      const [first, ...rest] = news.map((each) => insertRun(db, each, null));
      return !first || (await committed([...first, ...rest.flat()])) === "committed";
    },

    async usedKey(orgId, key) {
      const used = await db
        .select({ runId: idempotencyKeys.runId, bodyHash: idempotencyKeys.bodyHash })
        .from(idempotencyKeys)
        .where(and(eq(idempotencyKeys.orgId, orgId), eq(idempotencyKeys.key, key)))
        .get();
      return used ?? null;
    },

    async load(runId) {
      const [runRows, attemptRows] = await db.batch([
        db.select().from(runs).where(eq(runs.id, runId)),
        db.select().from(attempts).where(eq(attempts.runId, runId)).orderBy(asc(attempts.number)),
      ]);
      return runRows[0] ? { run: runFromRow(runRows[0]), attempts: attemptRows.map(attemptFromRow) } : null;
    },

    async record(before, events, chunks) {
      const after = await store.recordWithSlots(before, events, chunks);
      if (after === "no_room")
        throw new Error(
          `run ${before.run.id} takes a slot where there may be none; that is for recordWithSlots`,
        );
      return after;
    },

    async recordWithSlots(before, events, chunks) {
      const after = applyEvents(before, events);
      if (after === null)
        throw new Error(
          `${events.map(({ type }) => type).join(", ")} can not follow in run ${before.run.id}, which is ${before.run.status}`,
        );
      const statements: Statements = [
        insertEvents(db, after.run, before.run.version + 1, events),
        db
          .update(runs)
          .set(runChanges(after.run))
          .where(eq(runs.id, after.run.id))
          .returning({ ...isHeard(after.run.id), ...handsOver(after.run, events) }),
        ...changedAttempts(db, before, after),
        ...changedTickets(db, before.run.tickets, after.run),
        ...insertChunks(db, after.run, chunks),
      ];
      const result = await committed(statements);
      if (result === "no_room") return "no_room";
      return result === "committed" ? after : null;
    },

    async appendOutput(state, chunks) {
      const [first, ...rest] = insertChunks(db, state.run, chunks);
      if (!first) return true;
      const attempt = state.attempts.at(-1);
      const firstOutput =
        chunks[0]?.seq === 1 && attempt
          ? [
              db
                .update(attempts)
                .set({ firstOutputAt: attempt.firstOutputAt })
                .where(isAttempt(state.run, attempt.number)),
            ]
          : [];
      return (await committed([first, ...rest, ...firstOutput])) === "committed";
    },

    async outputOffsets(runId, attempt) {
      const rows = await db
        .select({
          stream: outputChunks.stream,
          seq: sql<number>`max(${outputChunks.seq})`,
          end: sql<number>`max(${outputChunks.offset} + ${outputChunks.length})`,
        })
        .from(outputChunks)
        .where(and(eq(outputChunks.runId, runId), eq(outputChunks.attempt, attempt)))
        .groupBy(outputChunks.stream);
      const offsets: OutputOffsets = { ...NO_OUTPUT };
      for (const { stream, seq, end } of rows) {
        offsets[stream as Stream] = end;
        offsets.seq = Math.max(offsets.seq, seq);
      }
      return offsets;
    },

    async readOutput(runId, after, limit) {
      const rows = await db
        .select()
        .from(outputChunks)
        .where(
          and(
            eq(outputChunks.runId, runId),
            or(
              gt(outputChunks.attempt, after.attempt),
              and(eq(outputChunks.attempt, after.attempt), gt(outputChunks.seq, after.seq)),
            ),
          ),
        )
        .orderBy(asc(outputChunks.attempt), asc(outputChunks.seq))
        .limit(limit);
      return rows.map(chunkFromRow);
    },

    async lastOutput(runId, limit) {
      const rows = await db
        .select()
        .from(outputChunks)
        .where(eq(outputChunks.runId, runId))
        .orderBy(desc(outputChunks.attempt), desc(outputChunks.seq))
        .limit(limit);
      return rows.map(chunkFromRow).reverse();
    },

    list: (orgId, filter) => listRuns(db, orgId, filter),
    summaries: (orgId, runIds) => summariesOf(db, orgId, runIds),

    async events(runId, afterSeq, limit) {
      const state = await store.load(runId);
      if (!state) return [];
      const rows = await db
        .select()
        .from(runEvents)
        .where(and(eq(runEvents.runId, runId), gt(runEvents.seq, afterSeq)))
        .orderBy(asc(runEvents.seq))
        .limit(limit);
      return rows.map((row) => ({ seq: row.seq, event: eventFromRow(state, row) }));
    },

    isStillDue: (run) => isStillDue(db, run),

    async reruns(runId, limit) {
      const rows = await db
        .select({ id: runs.id })
        .from(runs)
        .where(eq(runs.originId, runId))
        .orderBy(desc(runs.id))
        .limit(limit);
      return rows.map(({ id }) => id);
    },

    openRuns: (after, quietSince, limit) => openRuns(db, after, quietSince, limit),
    nextInQueue: (orgId, queue, organizationLimit) => nextInQueue(db, orgId, queue, organizationLimit),
    queueHeads: (orgId, afterQueue, limit, organizationLimit) =>
      queueHeads(db, orgId, afterQueue, limit, organizationLimit),
    dropLeftTickets: (orgId, afterQueue, limit) => dropLeftTickets(db, orgId, afterQueue, limit),
    placeInQueue: (run, queue) => placeInQueue(db, run, queue),
    olderInQueue: (run, queue, spared, limit) => olderInQueue(db, run, queue, spared, limit),

    async sweepCursors() {
      const rows = await db.select().from(sweepCursors);
      const of = (name: SweptOver) => rows.find(({ over }) => over === name)?.cursor ?? "";
      return {
        runs: of("runs"),
        queues: of("queues"),
        ledgers: of("ledgers"),
        deliveries: of("deliveries"),
      };
    },

    async keepSweepCursor(over, cursor, at) {
      const row = { over, cursor, at };
      await db.insert(sweepCursors).values(row).onConflictDoUpdate({ target: sweepCursors.over, set: row });
    },

    takeLaunch: (...wish) => takeLaunch(db, ...wish),
    nextLaunchTry: (...wish) => nextLaunchTry(db, ...wish),
    nextForLaunches: (...wish) => nextForLaunches(db, ...wish),
    putLaunchBack: (taken, intervalMs) => putLaunchBack(db, taken, intervalMs),
    emptyLaunches: (app, intervalMs, nowMs) => emptyLaunches(db, app, intervalMs, nowMs),
  };
  return store;
}

/**
 * Runs a batch. `taken` where it failed because a key was: another writer was first. `no_room` where a slot can not be had,
 * `not_armed` where a due time, or a handover, is not to have the run, `delivered` where its delivery has a row. In each of these nothing of it is stored.
 */
async function commit(
  db: Db,
  statements: Statements,
): Promise<{
  result: "committed" | "taken" | "no_room" | "not_armed" | "delivered";
  called: string[];
}> {
  try {
    const results = await db.batch(statements);
    const called = [
      ...(saidHeard(results) ? [OUTBOX_NOTIFIER] : []),
      ...(saidHandsOver(results) ? [CHAINS_NOTIFIER] : []),
    ];
    return { result: "committed", called };
  } catch (error) {
    const result = refusal(error);
    if (result === null) throw error;
    return { result, called: [] };
  }
}

function refusal(error: unknown): "taken" | "no_room" | "not_armed" | "delivered" | null {
  if (isTakenDelivery(error)) return "delivered";
  if (isTakenKey(error)) return "taken";
  if (isNoRoom(error)) return "no_room";
  return isNotArmed(error) ? "not_armed" : null;
}

async function isStored(db: Db, runId: string): Promise<boolean> {
  const row = await db.select({ id: runs.id }).from(runs).where(eq(runs.id, runId)).get();
  return row !== undefined;
}

/** A new run with all that is stored with it. */
function insertRun(db: Db, { state, events }: NewRun, delivery: NewDelivery | null): Statements {
  const { run } = state;
  return [
    db.insert(runs).values(runToRow(run)),
    // After the run's row, whose trigger notes the first event.
    insertEvents(db, run, 1, events).returning(isHeard(run.id)),
    ...saidAtOnce(db, run, events),
    ...state.attempts.map((attempt) => db.insert(attempts).values(attemptToRow(run, attempt))),
    ...insertTags(db, run),
    ...changedTickets(db, [], run),
    ...firedBy(db, run),
    ...handedOverBy(db, run),
    ...deliveredBy(db, delivery),
  ];
}

/** A row's own trigger comes after what its insert returns: of a run that is over as it is accepted that is asked by itself. */
function saidAtOnce(db: Db, run: Run, events: RunEvent[]) {
  const asked = handsOver(run, events);
  return asked === null ? [] : [db.select({ ...isHeard(run.id), ...asked }).from(sql`(SELECT 1)`)];
}

/** However many there are, from one bound value: D1 takes a hundred of them, and fifty quick steps can be told in one read. */
function insertEvents(db: Db, run: Run, firstSeq: number, events: RunEvent[]) {
  const rows = JSON.stringify(events.map((event, index) => eventToRow(run, firstSeq + index, event)));
  return db.insert(runEvents).select(
    sql`SELECT value ->> 'runId', value ->> 'seq', value ->> 'orgId', value ->> 'type', value ->> 'at', value -> 'data'
      FROM json_each(${rows}) WHERE true`,
  );
}

/** As few statements as their values let be: D1 takes a hundred in one, and quick steps that write to both streams are many chunks in one read. */
function insertChunks(db: Db, run: Run, chunks: OutputChunk[]) {
  const rows = chunks.map((chunk) => chunkToRow(run, chunk));
  const atOnce = Math.floor(D1_VALUES_MAX / CHUNK_COLUMNS);
  return Array.from({ length: Math.ceil(rows.length / atOnce) }, (_, part) =>
    db.insert(outputChunks).values(rows.slice(part * atOnce, (part + 1) * atOnce)),
  );
}

const D1_VALUES_MAX = 100;
const CHUNK_COLUMNS = Object.keys(getTableColumns(outputChunks)).length;

function insertTags(db: Db, run: Run) {
  const rows = Object.entries(run.spec.tags).map(([key, value]) => ({
    orgId: run.orgId,
    key,
    value,
    runId: run.id,
  }));
  return rows.length > 0 ? [db.insert(runTags).values(rows)] : [];
}

function isAttempt(run: Run, number: number) {
  return and(eq(attempts.runId, run.id), eq(attempts.number, number));
}

/** An attempt that the events planned is inserted, one that they changed is updated, any other is left alone. */
function changedAttempts(db: Db, before: RunState, after: RunState): BatchItem<"sqlite">[] {
  return after.attempts.flatMap((attempt, index): BatchItem<"sqlite">[] => {
    const earlier = before.attempts[index];
    if (!earlier) return [db.insert(attempts).values(attemptToRow(after.run, attempt))];
    // The fold keeps what it does not change.
    if (earlier === attempt) return [];
    const changes = attemptChanges(attempt);
    if (JSON.stringify(attemptChanges(earlier)) === JSON.stringify(changes)) return [];
    return [db.update(attempts).set(changes).where(isAttempt(after.run, attempt.number))];
  });
}
