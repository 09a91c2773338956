/**
 * The tables. `drizzle-kit generate` writes `migrations/` from this file; the tables are then made WITHOUT ROWID by hand,
 * which drizzle can not express: with a text primary key an insert costs one row written that way and two otherwise.
 * JSON columns hold what is read and written whole. Times are epoch milliseconds.
 */

import { sql } from "drizzle-orm";
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** A run as the fold of its events; `version` is the number of the last one. */
export const runs = sqliteTable(
  "runs",
  {
    id: text().primaryKey(),
    orgId: text("org_id").notNull(),
    version: integer().notNull(),
    status: text().notNull(),
    reason: text(),
    detail: text(),
    exit: text({ mode: "json" }),
    spec: text({ mode: "json" }).notNull(),
    acceptedAt: integer("accepted_at").notNull(),
    cancelRequestedAt: integer("cancel_requested_at"),
    settledAt: integer("settled_at"),
    updatedAt: integer("updated_at").notNull(),
    stdoutBytes: integer("stdout_bytes").notNull(),
    stderrBytes: integer("stderr_bytes").notNull(),
    droppedBytes: integer("dropped_bytes").notNull(),
    outputComplete: integer("output_complete", { mode: "boolean" }).notNull(),
    open: integer({ mode: "boolean" }).notNull(),
    limit: text("limit_passed"),
    restsUntil: integer("rests_until"),
    originId: text("origin_id"),
    turnAt: integer("turn_at"),
    supersededBy: text("superseded_by"),
    tickets: text({ mode: "json" }),
    jobName: text("job_name"),
    jobVersion: integer("job_version"),
    input: text(),
    firing: text({ mode: "json" }),
    delivery: text({ mode: "json" }),
    upstream: text({ mode: "json" }),
  },
  (table) => [
    // Small by nature: what the sweep walks, and one half of what an "active" filter lists.
    index("runs_open").on(table.open).where(sql`open = 1 AND rests_until IS NULL`),
    // The other half: runs that wait for a time can be many, and the sweep looks at those alone that are due.
    index("runs_resting").on(table.open).where(sql`open = 1 AND rests_until IS NOT NULL`),
    index("runs_due").on(table.restsUntil).where(sql`open = 1 AND rests_until IS NOT NULL`),
    // The rare endings, so that a filter for them need not read through all the successes.
    index("runs_unsuccessful").on(table.status).where(sql`status IN ('failed', 'cancelled')`),
    // The way from a run to those that repeat it; a run that repeats none has no part in it.
    index("runs_origin").on(table.originId).where(sql`origin_id IS NOT NULL`),
    // The way from a job to its runs; one whose spec came inline has no part in it.
    index("runs_job").on(table.orgId, table.jobName).where(sql`job_name IS NOT NULL`),
  ],
);

/** Immutable. The primary key is the lock: of two writers of one number only one can commit. */
export const runEvents = sqliteTable(
  "run_events",
  {
    runId: text("run_id").notNull(),
    seq: integer().notNull(),
    orgId: text("org_id").notNull(),
    type: text().notNull(),
    at: integer().notNull(),
    data: text({ mode: "json" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.seq] })],
);

export const attempts = sqliteTable(
  "attempts",
  {
    runId: text("run_id").notNull(),
    number: integer().notNull(),
    orgId: text("org_id").notNull(),
    machineName: text("machine_name").notNull(),
    app: text(),
    machineConfig: text("machine_config", { mode: "json" }).notNull(),
    machineId: text("machine_id"),
    region: text(),
    reason: text(),
    exit: text({ mode: "json" }),
    /** Null in attempts of before launches were paced, which were planned when they were asked for. */
    plannedAt: integer("planned_at"),
    createAskedAt: integer("create_asked_at").notNull(),
    createdAt: integer("created_at"),
    startedAt: integer("started_at"),
    firstOutputAt: integer("first_output_at"),
    exitedAt: integer("exited_at"),
    stopRequestedAt: integer("stop_requested_at"),
    settledAt: integer("settled_at"),
    uncertainCreates: integer("uncertain_creates").notNull(),
    mayBeAsked: integer("may_be_asked", { mode: "boolean" }).notNull().default(true),
    limit: text("limit_passed"),
    detail: text(),
    output: text({ mode: "json" }),
    next: text({ mode: "json" }),
    releasedAt: integer("released_at"),
    imageReadyAt: integer("image_ready_at"),
    readyAt: integer("ready_at"),
    /** Null where it has told of none. */
    steps: text({ mode: "json" }),
  },
  (table) => [primaryKey({ columns: [table.runId, table.number] })],
);

/** Output in the order it was fetched. Exactly one of `bytes` and `blob_key` is set. */
export const outputChunks = sqliteTable(
  "output_chunks",
  {
    runId: text("run_id").notNull(),
    attempt: integer().notNull(),
    seq: integer().notNull(),
    orgId: text("org_id").notNull(),
    stream: text().notNull(),
    offset: integer().notNull(),
    length: integer().notNull(),
    at: integer().notNull(),
    bytes: blob({ mode: "buffer" }),
    blobKey: text("blob_key"),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt, table.seq] })],
);

/** What a caller's Idempotency-Key was used for. */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    orgId: text("org_id").notNull(),
    key: text().notNull(),
    bodyHash: text("body_hash").notNull(),
    runId: text("run_id").notNull(),
    usedAt: integer("used_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.key] })],
);

/**
 * Who has a slot of a queue (`held` 1) and who waits for one (0), in the order of the line. They change with the events of their
 * run alone. `slots` is how many the queue has as this run sees it.
 */
export const queueTickets = sqliteTable(
  "queue_tickets",
  {
    orgId: text("org_id").notNull(),
    queue: text().notNull(),
    held: integer().notNull(),
    rank: integer().notNull(),
    runId: text("run_id").notNull(),
    slots: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.queue, table.held, table.rank, table.runId] })],
);

/** A run's tags once more, in the order that a filter by tag reads them. */
export const runTags = sqliteTable(
  "run_tags",
  {
    orgId: text("org_id").notNull(),
    key: text().notNull(),
    value: text().notNull(),
    runId: text("run_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.key, table.value, table.runId] })],
);

/** Where a sweep broke off, by what it goes over; no row where it never did. */
export const sweepCursors = sqliteTable("sweep_cursors", {
  over: text().primaryKey(),
  cursor: text().notNull(),
  at: integer().notNull(),
});

/** What the last sweep saw of an app's Machines, and how many of nobody's were ever destroyed. */
export const fleets = sqliteTable("fleets", {
  app: text().primaryKey(),
  sweptAt: integer("swept_at").notNull(),
  neededAt: integer("needed_at").notNull().default(0),
  known: integer().notNull(),
  unknown: integer().notNull(),
  reaped: integer().notNull(),
  cursor: text().notNull(),
});

/** Machines that a sweep found to be nobody's, until they are gone. */
export const machineSightings = sqliteTable(
  "machine_sightings",
  {
    app: text().notNull(),
    machineId: text("machine_id").notNull(),
    name: text().notNull(),
    runId: text("run_id"),
    why: text().notNull(),
    firstSeenAt: integer("first_seen_at").notNull(),
    lastSeenAt: integer("last_seen_at").notNull(),
    lookedAt: integer("looked_at"),
    destroyAskedAt: integer("destroy_asked_at"),
  },
  (table) => [primaryKey({ columns: [table.app, table.machineId] })],
);

/** Those that were destroyed, each once, for as long as they are remembered one by one. */
export const reapedMachines = sqliteTable(
  "reaped_machines",
  {
    at: integer().notNull(),
    app: text().notNull(),
    machineId: text("machine_id").notNull(),
    name: text().notNull(),
    runId: text("run_id"),
    why: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.app, table.machineId] }),
    // For those of the last day, and those that are old.
    index("reaped_machines_at").on(table.at),
  ],
);

/** One row, made by the migration: the database's part of what this deployment's Machines carry. It lasts as long as its database. */
export const deployment = sqliteTable("deployment", { id: text().primaryKey() });

/** Versions of secrets, encrypted; the one that is not retired is in force. */
export const secrets = sqliteTable(
  "secrets",
  {
    orgId: text("org_id").notNull(),
    name: text().notNull(),
    version: integer().notNull(),
    keyId: text("key_id").notNull(),
    iv: blob({ mode: "buffer" }).notNull(),
    ciphertext: blob({ mode: "buffer" }).notNull(),
    size: integer().notNull(),
    redacted: integer({ mode: "boolean" }).notNull(),
    /** Of the name; each version has its own `set_at`. */
    createdAt: integer("created_at").notNull(),
    setAt: integer("set_at").notNull(),
    retiredAt: integer("retired_at"),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.name, table.version] }),
    // Few at any time: what the sweep removes once no machine can have them any more.
    index("secrets_retired").on(table.retiredAt).where(sql`retired_at IS NOT NULL`),
    // What is still under an earlier key.
    index("secrets_key").on(table.keyId),
  ],
);

/** When each Fly app is next asked for a Machine. It has no organization: an app's pace is one for all whose Machines are in it. */
export const launchPace = sqliteTable("launch_pace", {
  app: text().primaryKey(),
  nextAt: integer("next_at").notNull(),
  takenAt: integer("taken_at").notNull(),
});

/** Jobs, with the number of the version in force. A deleted one stays, since its versions go on counting. */
export const jobs = sqliteTable(
  "jobs",
  {
    orgId: text("org_id").notNull(),
    name: text().notNull(),
    version: integer().notNull(),
    pausedAt: integer("paused_at"),
    deletedAt: integer("deleted_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.name] }),
    // A list reads its page, however many were deleted.
    index("jobs_present").on(table.orgId, table.name).where(sql`deleted_at IS NULL`),
  ],
);

/** Immutable. `rolled_back_to` is set where an earlier version was put into force again. */
export const jobVersions = sqliteTable(
  "job_versions",
  {
    orgId: text("org_id").notNull(),
    name: text().notNull(),
    version: integer().notNull(),
    definition: text({ mode: "json" }).notNull(),
    changedBy: text("changed_by").notNull(),
    rolledBackTo: integer("rolled_back_to"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.name, table.version] })],
);

/**
 * The schedules of the jobs that are there, and how far each one's due times are decided. `pauses` says who has it rest: see
 * `d1/schedule-sync.ts`. `timing` is what its due times depend on.
 */
export const schedules = sqliteTable(
  "schedules",
  {
    orgId: text("org_id").notNull(),
    job: text().notNull(),
    name: text().notNull(),
    spec: text({ mode: "json" }).notNull(),
    timing: text().notNull(),
    revision: integer().notNull(),
    decidedTo: integer("decided_to").notNull(),
    nextDueAt: integer("next_due_at"),
    pauses: integer().notNull(),
    pausedAt: integer("paused_at"),
    resumedAt: integer("resumed_at"),
    /** Since when its rule is in force: nothing of before is due. 0 in rows of code that did not say. */
    countsFrom: integer("counts_from").notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.job, table.name] }),
    // What the tick reads: those that come due, and none of those that rest.
    index("schedules_due").on(table.nextDueAt).where(sql`next_due_at IS NOT NULL`),
    // Those that a clock that was ahead has put out of reach.
    index("schedules_decided").on(table.decidedTo),
    // Those that Fly fires: few, and looked after each minute.
    index("schedules_of_fly")
      .on(table.orgId, table.job, table.name)
      .where(sql`spec ->> '$.rule.kind' = 'fly'`),
  ],
);

/** The Machines that Fly starts for schedules, from before they are asked for until they are known to be gone. */
export const flyMachines = sqliteTable(
  "fly_machines",
  {
    orgId: text("org_id").notNull(),
    job: text().notNull(),
    schedule: text().notNull(),
    app: text().notNull(),
    machineName: text("machine_name").notNull(),
    machineId: text("machine_id"),
    /** What its starts are runs of, and what it is being changed to. */
    made: text({ mode: "json" }).notNull(),
    next: text({ mode: "json" }),
    seenTo: integer("seen_to").notNull(),
    askedAt: integer("asked_at").notNull(),
    failures: integer().notNull(),
    problem: text(),
    revision: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.job, table.schedule] }),
    // For the sweep over machines, which knows their names.
    index("fly_machines_name").on(table.machineName),
  ],
);

/** Timekeepers that had, or have, more to start than one goes through at once: by that what is slow is told from an outage. */
export const timekeepers = sqliteTable("timekeepers", {
  shard: integer().primaryKey(),
  /** Since when it is at work without a break. */
  since: integer().notNull(),
  /** Up to when it was, as it last noted. */
  seenAt: integer("seen_at").notNull(),
});

/**
 * What is looked at for alerts: a job that is to be heard of (`schedule` "") within `limit_ms`, a schedule whose runs are to start
 * within it. `from_at`: up to then it is settled.
 */
export const watches = sqliteTable(
  "watches",
  {
    orgId: text("org_id").notNull(),
    job: text().notNull(),
    schedule: text().notNull(),
    limitMs: integer("limit_ms").notNull(),
    fromAt: integer("from_at").notNull(),
    lookAt: integer("look_at"),
    lookedAt: integer("looked_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.job, table.schedule] }),
    index("watches_due").on(table.lookAt).where(sql`look_at IS NOT NULL`),
    // Those that a clock that was ahead has put out of reach.
    index("watches_looked").on(table.lookedAt),
  ],
);

/** Immutable. `schedule` is "" of a silent job; an alert about a webhook has its id there, and "" for `job`; one of a chain the job that has run before. `seq` is given once, and is the order of whoever reads on. */
export const alerts = sqliteTable(
  "alerts",
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    orgId: text("org_id").notNull(),
    type: text().notNull(),
    job: text().notNull(),
    schedule: text().notNull(),
    dueAt: integer("due_at").notNull(),
    at: integer().notNull(),
    runId: text("run_id"),
    detail: text().notNull(),
  },
  (table) => [
    uniqueIndex("alerts_once").on(table.orgId, table.job, table.schedule, table.type, table.dueAt),
    index("alerts_at").on(table.orgId, table.at),
    index("alerts_job").on(table.orgId, table.job, table.seq),
    index("alerts_type").on(table.orgId, table.type, table.seq),
  ],
);

/**
 * The ledger: what has become of each due time, for 90 days (`FIRINGS_KEPT_MS`). A row of several due times that were passed over together
 * (`count` above one) has `span` 1, and takes no due time's own key.
 */
export const firings = sqliteTable(
  "firings",
  {
    orgId: text("org_id").notNull(),
    job: text().notNull(),
    schedule: text().notNull(),
    dueAt: integer("due_at").notNull(),
    span: integer().notNull(),
    outcome: text().notNull(),
    /** Of an armed one when, by its timekeeper, its run is to be submitted. */
    startAt: integer("start_at"),
    shard: integer().notNull(),
    throughAt: integer("through_at").notNull(),
    count: integer().notNull(),
    isCountExact: integer("is_count_exact", { mode: "boolean" }).notNull(),
    trigger: text().notNull(),
    runId: text("run_id"),
    why: text(),
    decidedAt: integer("decided_at").notNull(),
    /** Of a skipped one the run that was in its way, where there still was one. */
    blockedBy: text("blocked_by"),
    /** The Idempotency-Key of the call that asked for it; null where none came with it. */
    orderKey: text("order_key"),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.job, table.schedule, table.dueAt, table.span] }),
    // A call that is repeated finds what it made; what a rule made has no part in it.
    uniqueIndex("firings_ordered").on(table.orgId, table.orderKey).where(sql`order_key IS NOT NULL`),
    // What timekeepers read: few at any time.
    index("firings_armed").on(table.shard, table.startAt).where(sql`outcome = 'armed'`),
  ],
);

/** The hooks of the jobs that are there. `id` is what a hook's URL ends with, and its ledger goes by its name. */
export const hooks = sqliteTable(
  "hooks",
  {
    orgId: text("org_id").notNull(),
    job: text().notNull(),
    name: text().notNull(),
    id: text().notNull(),
    spec: text({ mode: "json" }).notNull(),
    createdAt: integer("created_at").notNull(),
    /** The hook has its URL since then. */
    urlSince: integer("url_since").notNull(),
    /** `RefusedCalls` of this URL. */
    refused: text({ mode: "json" }),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.job, table.name] }),
    uniqueIndex("hooks_id").on(table.id),
  ],
);

/**
 * The ledger of what hooks were called with, for 90 days (`DELIVERIES_KEPT_MS`): each of a sender's deliveries once, by the sender's own
 * id of it. A hook's ledger outlasts its URL, and the hook.
 */
export const deliveries = sqliteTable(
  "deliveries",
  {
    orgId: text("org_id").notNull(),
    job: text().notNull(),
    hook: text().notNull(),
    id: text().notNull(),
    receivedAt: integer("received_at").notNull(),
    source: text().notNull(),
    event: text().notNull(),
    action: text(),
    verdict: text().notNull(),
    why: text(),
    detail: text(),
    jobVersion: integer("job_version").notNull(),
    runId: text("run_id"),
    /** The delivery that this one repeats by somebody's hand. */
    originId: text("origin_id"),
    isWithoutSecrets: integer("is_without_secrets", { mode: "boolean" }).notNull(),
    /** Calls after the first. */
    repeats: integer().notNull(),
    repeatedAt: integer("repeated_at"),
    change: text({ mode: "json" }),
    headers: text({ mode: "json" }).notNull(),
    bodyBytes: integer("body_bytes").notNull(),
    bodySha256: text("body_sha256").notNull(),
    /** Its first bytes, none where another row has them; behind all that has anything in it, so that whoever does not want it does not read it. */
    body: blob({ mode: "buffer" }).notNull(),
    /** The delivery of this ledger whose row has the body: of a push of several refs the first one. */
    bodyOf: text("body_of"),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.job, table.hook, table.id] }),
    // A page of the ledger, the newest first.
    index("deliveries_received").on(table.orgId, table.job, table.hook, table.receivedAt),
  ],
);

/** Subscribers. `wants` has the words of the facts that it is told of (`core/webhook/event-types.ts`), for the triggers; "" while it is disabled. */
export const webhooks = sqliteTable(
  "webhooks",
  {
    orgId: text("org_id").notNull(),
    id: text().notNull(),
    spec: text({ mode: "json" }).notNull(),
    wants: text().notNull(),
    revision: integer().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    disabledAt: integer("disabled_at"),
    disabledWhy: text("disabled_why"),
    failingSince: integer("failing_since"),
    failedAt: integer("failed_at"),
    keyId: text("key_id").notNull(),
    iv: blob({ mode: "buffer" }).notNull(),
    ciphertext: blob({ mode: "buffer" }).notNull(),
    /** Of the secret before the last rotation, for as long as it signs along. */
    oldKeyId: text("old_key_id"),
    oldIv: blob("old_iv", { mode: "buffer" }),
    oldCiphertext: blob("old_ciphertext", { mode: "buffer" }),
    oldUntil: integer("old_until"),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.id] })],
);

/**
 * Facts that somebody wants to be told of, from the batch that records them until they are taken up. Triggers of the migration write
 * them: `outbox_accepted`, `outbox_run_events` and `outbox_alerts`. `source` is the run, or "alerts".
 */
export const outbox = sqliteTable(
  "outbox",
  {
    source: text().notNull(),
    seq: integer().notNull(),
    orgId: text("org_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.seq] })],
);

/**
 * What subscribers are told, for 90 days. `webhook_id` is the webhook; what is told to others has a name of theirs there, and a `kind` of its
 * own. Of what is pending in a line the first one has `next_at`.
 */
export const notifications = sqliteTable(
  "notifications",
  {
    webhookId: text("webhook_id").notNull(),
    line: text().notNull(),
    seq: integer().notNull(),
    id: text().notNull(),
    orgId: text("org_id").notNull(),
    kind: text().notNull(),
    type: text().notNull(),
    payload: text().notNull(),
    state: text().notNull(),
    createdAt: integer("created_at").notNull(),
    triesFrom: integer("tries_from").notNull(),
    tries: integer().notNull(),
    nextAt: integer("next_at"),
    endedAt: integer("ended_at"),
    /** The newest ones, oldest first. */
    attempts: text({ mode: "json" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.webhookId, table.line, table.seq] }),
    // Ids are in the order of time: for lists, and what is old.
    uniqueIndex("notifications_listed").on(table.webhookId, table.id),
    // What is to be sent: few at any time.
    index("notifications_due").on(table.webhookId, table.nextAt).where(sql`next_at IS NOT NULL`),
  ],
);

/** After whose ends the jobs that are there start: a row for each final status. The trigger `handovers_settled` reads them. */
export const jobLinks = sqliteTable(
  "job_links",
  {
    orgId: text("org_id").notNull(),
    upstream: text().notNull(),
    status: text().notNull(),
    job: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.upstream, table.status, table.job] }),
    // What a change of the job syncs.
    index("job_links_job").on(table.orgId, table.job),
  ],
);

/**
 * What has become of each end of a run for each job that starts after it, for 90 days (`HANDOVERS_KEPT_MS`). The trigger `handovers_settled`
 * writes them, in the batch that settles the run. `root_run_id` began the chain.
 */
export const handovers = sqliteTable(
  "handovers",
  {
    rootRunId: text("root_run_id").notNull(),
    upstreamRunId: text("upstream_run_id").notNull(),
    job: text().notNull(),
    orgId: text("org_id").notNull(),
    verdict: text().notNull(),
    endedAt: integer("ended_at").notNull(),
    tries: integer().notNull(),
    /** Null once it is decided. */
    nextAt: integer("next_at"),
    decidedAt: integer("decided_at"),
    runId: text("run_id"),
    detail: text(),
  },
  (table) => [
    primaryKey({ columns: [table.rootRunId, table.upstreamRunId, table.job] }),
    // What is to be taken up: few at any time.
    index("handovers_due").on(table.nextAt).where(sql`next_at IS NOT NULL`),
  ],
);
