/**
 * Schedules: what 10,000 cost that are not due, how long it takes until 10,000 that are due in one second are all recorded and
 * submitted, and how far from its second a firing is.
 */

import { DatabaseSync } from "node:sqlite";
import type { FiringListBody } from "../src/api/firing-schema.ts";
import { eventually } from "../test/support/processes.ts";
import { databaseOf, type Stack } from "../test/support/stack.ts";
import { ms, percentile, report, timed } from "./figures.ts";
import { DOLLARS } from "./prices.ts";

const MANY = 10_000;
/** Firings whose error is measured: of two schedules, half a second apart. */
const MEASURED = 200;
const MINUTES_A_MONTH = 30 * 24 * 60;
/** Runs that wait for a time that is far ahead need no machine: what is measured is Mayfly. */
const RUN = { image: "debian:12", command: ["true"], delay: "300d" };

export async function schedules(stack: Stack): Promise<void> {
  console.log(`\nschedules, ${MANY} of them`);
  const database = new DatabaseSync(databaseOf(stack.folder), { timeout: 10_000 });
  try {
    await error(stack);
    insert(database, "idle", Date.now() + 300 * 24 * 3_600_000);
    await stack.fireCron();
    report("a tick over those that are not due", {
      "the whole cron": ms(await timed(() => stack.fireCron())),
      ...(await idleReads()),
    });
    const dueAt = Math.ceil(Date.now() / 1000) * 1000 + 30_000;
    insert(database, "due", dueAt);
    const begun = Date.now();
    await stack.fireCron();
    const counted = (sql: string) => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
    const recorded = async () => counted("SELECT count(*) FROM firings WHERE job LIKE 'due-%'") === MANY;
    await eventually("all firings in the ledger", recorded, 120_000);
    const recordedMs = Date.now() - begun;
    const ran = async () =>
      counted("SELECT count(*) FROM firings WHERE job LIKE 'due-%' AND outcome = 'ran'") === MANY;
    await eventually("all runs", ran, 600_000);
    const runs = counted("SELECT count(DISTINCT run_id) FROM firings WHERE job LIKE 'due-%'");
    if (runs !== MANY) throw new Error(`${runs} runs for ${MANY} due times`);
    const late = database
      .prepare("SELECT decided_at - due_at AS late FROM firings WHERE job LIKE 'due-%'")
      .all()
      .map(({ late }) => Number(late));
    report("all due in one second", {
      "all recorded after": ms(recordedMs),
      "submitted p50": ms(percentile(late, 0.5)),
      "all submitted after": ms(Math.max(...late)),
      runs,
    });
  } finally {
    database.close();
  }
}

/** Rows of a tick, as D1 would bill them, on a database of its own with as many schedules. */
async function idleReads(): Promise<Record<string, string>> {
  const { getPlatformProxy } = await import("wrangler");
  const { applyMigrations } = await import("./database.ts");
  const { countedD1 } = await import("../test/support/counted-d1.ts");
  const { d1Schedules } = await import("../src/d1/schedule-store.ts");
  const { tick } = await import("../src/flow/tick.ts");
  const { env, dispose } = await getPlatformProxy<{ DB: D1Database }>({ persist: false });
  try {
    await applyMigrations(env.DB);
    for (const statement of inserts("idle", Date.now() + 300 * 24 * 3_600_000))
      await env.DB.prepare(statement).run();
    const { database, counts } = countedD1(env.DB);
    const ports = {
      schedules: d1Schedules(database),
      timekeepers: { wake: async () => {} },
      clock: { now: () => Date.now() },
    };
    const { problems } = await tick(ports);
    if (problems.length > 0) throw new Error(problems.join("; "));
    const price = counts.rowsRead * MINUTES_A_MONTH * DOLLARS.rowRead;
    return {
      "rows read a minute": String(counts.rowsRead),
      "rows written": String(counts.rowsWritten),
      "price of a month": `$${price.toFixed(4)}`,
    };
  } finally {
    await dispose();
  }
}

/** By how much firings miss their second, beside what a look each minute would miss the same due times by. */
async function error(stack: Stack): Promise<void> {
  const starts = Math.ceil(Date.now() / 1000) * 1000 + 3000;
  const ends = starts + (MEASURED / 2) * 1000;
  const schedules = [0, 500].map((offsetMs) => ({
    name: `at-${offsetMs}`,
    every: "1s",
    overlap: "allow",
    starts: new Date(starts + offsetMs).toISOString(),
    ends: new Date(ends).toISOString(),
  }));
  const body = JSON.stringify({ run: RUN, schedules });
  const put = await stack.call("/v1/jobs/seconds", { method: "PUT", body });
  if (!put.ok) throw new Error(await put.text());
  const cron = setInterval(() => void stack.fireCron(), 30_000);
  await new Promise((resolve) => setTimeout(resolve, ends - Date.now() + 2000));
  clearInterval(cron);
  const firings: FiringListBody["firings"] = [];
  for (const { name } of schedules) {
    const answer = await stack.call(`/v1/schedules/seconds/${name}/firings?limit=200`);
    firings.push(...((await answer.json()) as FiringListBody).firings);
  }
  const late = firings.map(({ late_ms }) => late_ms ?? Number.POSITIVE_INFINITY);
  const polled = firings.map(({ due_at }) => 60_000 - (Date.parse(due_at) % 60_000));
  report(`error of ${firings.length} firings`, {
    p50: ms(percentile(late, 0.5)),
    p99: ms(percentile(late, 0.99)),
    most: ms(Math.max(...late)),
  });
  report("the same by a look each minute", {
    p50: ms(percentile(polled, 0.5)),
    p99: ms(percentile(polled, 0.99)),
  });
}

function insert(database: DatabaseSync, prefix: string, dueAt: number): void {
  for (const statement of inserts(prefix, dueAt)) database.exec(statement);
}

/** Jobs with a schedule each that is due once. */
function inserts(prefix: string, dueAt: number): string[] {
  const now = Date.now();
  const rule = { kind: "at", times: [dueAt] };
  const spec = JSON.stringify({
    name: "s",
    rule,
    startsAt: null,
    endsAt: null,
    overlap: "skip",
    catchUp: { mode: "latest", windowMs: 86_400_000, afterPause: false },
    jitterMs: 0,
    paused: false,
    input: "{}",
  });
  const numbered = `WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < ${MANY - 1})`;
  const name = `'${prefix}-' || n`;
  return [
    `INSERT INTO jobs (org_id, name, version, created_at, updated_at) ${numbered} SELECT 'default', ${name}, 1, ${now}, ${now} FROM n`,
    `INSERT INTO job_versions (org_id, name, version, definition, changed_by, created_at)
      ${numbered} SELECT 'default', ${name}, 1, '${JSON.stringify({ run: RUN })}', 'put', ${now} FROM n`,
    `INSERT INTO schedules (org_id, job, name, spec, timing, revision, decided_to, next_due_at, pauses)
      ${numbered} SELECT 'default', ${name}, 's', '${spec}', '${JSON.stringify([rule, null, null])}', 1, ${now}, ${dueAt}, 0 FROM n`,
  ];
}
