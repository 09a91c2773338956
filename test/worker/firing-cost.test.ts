import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Overlap } from "../../src/core/schedule/schedule.ts";
import { shardOf } from "../../src/core/schedule/spec.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Schedules } from "../../src/d1/schedule-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { fireShard } from "../../src/flow/fire-shard.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { Drivers } from "../../src/flow/ports.ts";
import { submit } from "../../src/flow/submit.ts";
import { tick } from "../../src/flow/tick.ts";
import { firePorts } from "../../src/worker/ports.ts";
import { aRunId, aSpec } from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";

const MINUTE = 60_000;
/** What a due time may cost besides a run of its job by hand: its row, in and out of the index of those that are armed; the schedule's place. */
const OWN = { rowsWritten: 5, statements: 11 };
/** And the slot of a schedule whose runs do not overlap. */
const SLOT = { rowsWritten: 2, statements: 1 };

/** What one due time costs until its run is accepted, and what that costs a run of its job by hand. */
async function costOf(overlap: Overlap, hour: number) {
  const { database, counts } = countedD1(env.DB);
  const key = { orgId: "default", job: `cost-${overlap.replace("_", "-")}`, name: "s" };
  const start = Date.UTC(2031, 0, 1, hour);
  let now = start + 1;
  const store = d1Store(database);
  const ports = {
    ...firePorts(env),
    store,
    schedules: d1Schedules(database),
    jobs: d1Jobs(database),
    launches: launchesOver(store, { apps: ["cost"], perSecond: 0 }),
    clock: { now: () => now },
    ids: { runId: (ms: number) => aRunId(ms) },
    drivers: { start: async () => {} } as unknown as Drivers,
    timekeepers: { wake: async () => {} },
  };
  const definition = { run: { image: "debian:12", command: ["true"] } };
  await ports.jobs.put(
    key.orgId,
    key.job,
    null,
    { version: 1, definition, change: { kind: "put" }, createdAt: now },
    [
      {
        name: key.name,
        rule: { kind: "at", times: [start + MINUTE] },
        startsAt: null,
        endsAt: null,
        overlap,
        catchUp: { mode: "latest", windowMs: MINUTE, afterPause: false },
        jitterMs: 0,
        paused: false,
        input: "{}",
      },
    ],
  );
  const before = { ...counts };
  const since = () => ({
    rowsWritten: counts.rowsWritten - before.rowsWritten,
    statements: counts.statements - before.statements,
  });
  await tick(ports);
  now = start + MINUTE;
  const { problems } = await fireShard(ports, shardOf(key));
  const spent = since();
  expect(problems).toEqual([]);
  const firing = await ports.schedules.firing(key, start + MINUTE);
  expect(firing).toMatchObject({ outcome: "ran", runId: expect.any(String) });
  const [rowsBefore, statementsBefore] = [counts.rowsWritten, counts.statements];
  const job = { name: key.job, version: 1, input: "{}" };
  await submit(ports, { orgId: key.orgId, spec: aSpec(), originId: null, key: null, job });
  const byHand = {
    rowsWritten: counts.rowsWritten - rowsBefore,
    statements: counts.statements - statementsBefore,
  };
  return {
    rowsWritten: spent.rowsWritten - byHand.rowsWritten,
    statements: spent.statements - byHand.statements,
  };
}

it("a due time costs few rows and statements beside its run, whose overlap costs what a slot does", async () => {
  const allowed = await costOf("allow", 1);
  const skipping = await costOf("skip", 2);
  console.log("a due time besides its run:", { allowed, skipping });
  expect(allowed.rowsWritten).toBeLessThanOrEqual(OWN.rowsWritten);
  expect(allowed.statements).toBeLessThanOrEqual(OWN.statements);
  expect(skipping.rowsWritten - allowed.rowsWritten).toBeLessThanOrEqual(SLOT.rowsWritten);
  expect(skipping.statements - allowed.statements).toBeLessThanOrEqual(SLOT.statements);
});
