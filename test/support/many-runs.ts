/** A database with many finished runs and a few that are under way, and what a Mayfly asks of it: for what must not depend on how many there are. */

import { firstRunIdAt } from "../../src/core/id.ts";
import { LIST_LIMIT_DEFAULT, SWEEP_MAX_RUNS } from "../../src/core/limits.ts";
import { OUTPUT_START } from "../../src/core/output.ts";
import type { RunFilter, Store } from "../../src/flow/ports.ts";
import { aBuild, aChange, aQueuedRun, aRunningRun, aSucceededRun, followedBy, T0 } from "./a-run.ts";

/** The finished runs that {@link storeAFew} leaves. */
export const FEW = 1_000;
export const MANY = 1_000_000;

const HOUR_MS = 3_600_000;
/** Long before the runs that are under way. */
export const BEGIN = T0 - 1000 * HOUR_MS;
/** The first of the finished ones. */
const ORIGIN_ID = firstRunIdAt(BEGIN);
/** Rows that one statement makes, which D1 gives 30 s. */
const AT_ONCE = 50_000;

/** A template for copies, the runs under way, and the first finished ones. */
export async function storeAFew(database: D1Database, store: Store): Promise<FewRuns> {
  const finished = followedBy(aSucceededRun({ tags: { team: "data" } }), {
    type: "machine_released",
    at: T0 + 3000,
    attempt: 1,
    events: [],
  });
  const live = aRunningRun();
  const again = [1, 2, 3].map(() =>
    followedBy(aQueuedRun({}, T0, ORIGIN_ID), { type: "cancel_requested", at: T0 + 1 }),
  );
  const waiting = [1, 2, 3].map(() => aQueuedRun({ tags: { team: "data" } }));
  const builds = [1, 2, 3].map((n) => aBuild(aChange({ sha: `${n}`.padStart(40, "abcdef0") })));
  for (const { state, events } of [finished, live, ...again, ...waiting, ...builds])
    await store.accept(state, events, null);
  await database
    .prepare("UPDATE runs SET job_name = 'nightly', job_version = 1, input = '{}' WHERE id = ?")
    .bind(finished.state.run.id)
    .run();
  const bytes = new TextEncoder().encode("hi\n");
  await store.appendOutput(live.state, [
    { attempt: 1, seq: 1, stream: "stdout", offset: 0, length: bytes.length, at: T0, bytes, blobKey: null },
  ]);
  const runs = { templateId: finished.state.run.id, liveId: live.state.run.id };
  await copyFinished(database, runs, 0, FEW);
  return runs;
}

export interface FewRuns {
  templateId: string;
  liveId: string;
}

/**
 * Copies a finished run, in the database itself. Of ten, two have failed and one was cancelled; all are of one job and have a tag, and the first
 * thousand another one. Attempts and events are only ever read by their run's id, and are left out.
 */
export async function copyFinished(
  database: D1Database,
  { templateId }: FewRuns,
  from: number,
  to: number,
): Promise<void> {
  const { results } = await database
    .prepare("SELECT name FROM pragma_table_info('runs')")
    .all<{ name: string }>();
  const copied = results
    .map(({ name }) => name)
    .filter((name) => !["id", "status", "reason"].includes(name))
    .join(", ");
  for (let first = from; first < to; first += AT_ONCE) {
    const last = Math.min(to, first + AT_ONCE) - 1;
    const numbered = numberedIds(first, last);
    await database.batch([
      database
        .prepare(
          `INSERT INTO runs (id, status, reason, ${copied}) ${numbered} SELECT numbered.id,
             CASE n % 10 WHEN 0 THEN 'cancelled' WHEN 1 THEN 'failed' WHEN 2 THEN 'failed' ELSE 'succeeded' END,
             CASE n % 10 WHEN 0 THEN 'cancelled_by_user' WHEN 1 THEN 'exit_code' WHEN 2 THEN 'signal' END,
             ${copied} FROM numbered CROSS JOIN runs ON runs.id = ?`,
        )
        .bind(templateId),
      database.prepare(
        `INSERT INTO run_tags (org_id, key, value, run_id) ${numbered} SELECT 'default', 'team', 'data', id FROM numbered`,
      ),
      database.prepare(
        `INSERT INTO run_tags (org_id, key, value, run_id) ${numbered} SELECT 'default', 'first', 'yes', id FROM numbered WHERE n < ${FEW}`,
      ),
    ]);
  }
}

/** SQL that has the ids of runs `first` to `last`. Ids are times: as many as there are at first have one. */
function numberedIds(first: number, last: number): string {
  const prefixes = Array.from({ length: Math.ceil((last - first + 1) / FEW) }, (_, ms) =>
    firstRunIdAt(BEGIN + first / FEW + ms).slice(0, -16),
  );
  const offset = `${first} + prefix.key * ${FEW}`;
  return `WITH RECURSIVE number(n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM number WHERE n < ${last}),
    numbered(n, id) AS MATERIALIZED (
      SELECT n, prefix.value || printf('%016d', n) FROM json_each('${JSON.stringify(prefixes)}') AS prefix
      CROSS JOIN number ON n BETWEEN ${offset} AND ${offset} + ${FEW - 1})`;
}

/** Makes so many of the runs that {@link copyFinished} made wait for a time that is far ahead. */
export async function letRest(database: D1Database, count: number): Promise<void> {
  await database
    .prepare(
      "UPDATE runs SET open = 1, status = 'queued', rests_until = ? WHERE id IN (SELECT id FROM runs WHERE id >= ? LIMIT ?)",
    )
    .bind(T0 + 1000 * HOUR_MS, ORIGIN_ID, count)
    .run();
}

/** What is asked of the store, by what it is asked for. */
export function questions(store: Store, { liveId }: FewRuns): Record<string, () => Promise<unknown>> {
  const list = (filter: Partial<RunFilter>) => () => store.list("default", { ...EVERYTHING, ...filter });
  const data = { key: "team", value: "data" };
  return {
    "the newest runs": list({}),
    "a page in the middle": list({ beforeRunId: firstRunIdAt(BEGIN + 1) }),
    "runs of a time": list({ sinceMs: BEGIN, untilMs: BEGIN + 1 }),
    "runs under way": list({ statuses: ["queued", "starting", "running", "retrying"] }),
    "waiting runs": list({ statuses: ["queued"] }),
    "failed runs": list({ statuses: ["failed"] }),
    "failed and cancelled runs": list({ statuses: ["failed", "cancelled"] }),
    "failed runs and those under way": list({ statuses: ["failed", "running"] }),
    "succeeded runs": list({ statuses: ["succeeded"] }),
    "succeeded and failed runs": list({ statuses: ["succeeded", "failed"] }),
    "runs with a common tag": list({ tag: data }),
    "runs with a rare tag": list({ tag: { key: "first", value: "yes" } }),
    "runs with a tag that none has": list({ tag: { key: "team", value: "none" } }),
    "cancelled runs with a common tag": list({ statuses: ["cancelled"], tag: data }),
    "runs under way with a common tag": list({ statuses: ["queued", "running"], tag: data }),
    "re-runs of a run": list({ originId: ORIGIN_ID }),
    "failed re-runs of a run": list({ statuses: ["failed"], originId: ORIGIN_ID }),
    "runs of a job": list({ job: "nightly" }),
    "failed runs of a job": list({ statuses: ["failed"], job: "nightly" }),
    "runs of a job that has none": list({ job: "none" }),
    "runs of a commit": list({ commit: "1".padStart(40, "abcdef0") }),
    "runs of a commit by how it begins": list({ commit: "abcdef0" }),
    "failed runs of a commit": list({ statuses: ["failed"], commit: "abcdef0" }),
    "runs of a commit that none builds": list({ commit: "1234567" }),
    "runs of a branch": list({ branch: "main" }),
    "runs of a job and a branch": list({ branch: "main", job: "nightly" }),
    "the re-runs that a run names": () => store.reruns(ORIGIN_ID, 20),
    "the sweep's first page": () => store.openRuns("", T0 + 24 * HOUR_MS, SWEEP_MAX_RUNS),
    "one run": () => store.load(liveId),
    "one run's events": () => store.events(liveId, 0, 100),
    "one run's output": () => store.readOutput(liveId, OUTPUT_START, 100),
  };
}

/** A list of everything. */
export const EVERYTHING: RunFilter = {
  statuses: [],
  tag: null,
  originId: null,
  job: null,
  commit: null,
  branch: null,
  sinceMs: null,
  untilMs: null,
  beforeRunId: null,
  limit: LIST_LIMIT_DEFAULT,
};
