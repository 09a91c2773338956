/** What D1 reads for a queue does not grow with how many wait in it. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { LAUNCH_BURST, LAUNCH_HORIZON_MS } from "../../src/core/limits.ts";
import { keyQueue, LAUNCH_QUEUE, launchAwaited } from "../../src/core/turn.ts";
import { d1Store } from "../../src/d1/store.ts";
import { aQueuedRun, followedBy, T0 } from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";

const SLOTS = 5;

/** A full queue of so many, in an organization of its own, and what D1 reads of it. */
async function readsOf(waiting: number) {
  const org = `of ${waiting}`;
  const key = "cost";
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
     INSERT INTO queue_tickets SELECT ?2, ?3, i < ?4, 0, printf('run_%026d', i), ?4 FROM n`,
  )
    .bind(waiting + SLOTS, org, keyQueue(key), SLOTS)
    .run();
  const { database, counts } = countedD1(env.DB);
  const store = d1Store(database);
  const reads: Record<string, number> = {};
  const count = async (what: string, call: () => Promise<unknown>) => {
    const before = counts.rowsRead;
    await call();
    reads[what] = counts.rowsRead - before;
  };
  const concurrency = { key, limit: SLOTS, strategy: "queue" as const };
  const slot = { at: T0, queue: keyQueue(key), limit: SLOTS };
  const taker = followedBy(aQueuedRun({ concurrency, priority: 1 }), { type: "slot_taken", ...slot });
  const last = followedBy(aQueuedRun({ concurrency }), { type: "slot_awaited", ...slot });
  const ofOrg = (state: typeof last.state) => ({ ...state, run: { ...state.run, orgId: org } });
  await count("a place in line", () => store.accept(ofOrg(last.state), last.events, null));
  await count("the next of a full queue", () => store.nextInQueue(org, keyQueue(key), null));
  await count("the heads of all queues", () => store.queueHeads(org, "", 200, null));
  await env.DB.prepare("DELETE FROM queue_tickets WHERE org_id = ? AND held = 1 AND run_id < ?")
    .bind(org, "run_00000000000000000000000001")
    .run();
  await count("the next of a queue with room", () => store.nextInQueue(org, keyQueue(key), null));
  await count("a slot", () => store.accept(ofOrg(taker.state), taker.events, null));
  await count("what is left of ended runs", () => store.dropLeftTickets(org, "", 200));
  return reads;
}

it("to take a slot, to stand in line, and to find who is next: 20,000 that wait are read like 100", async () => {
  const [few, many] = [await readsOf(100), await readsOf(20_000)];
  console.log("rows read:", many);
  expect(many).toEqual(few);
  expect(Math.max(...Object.values(many))).toBeLessThan(40);
});

/** What D1 reads for a launch where so many stand in line, and each app of several has as many launches as it ever has. */
async function readsOfLaunches(waiting: number) {
  const orgId = `launches ${waiting}`;
  const apps = Array.from({ length: 3 }, (_, app) => `cost-${waiting}-${app}`);
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
     INSERT INTO queue_tickets SELECT ?2, ?3, 0, 0, printf('run_%026d', i), 0 FROM n`,
  )
    .bind(waiting, orgId, LAUNCH_QUEUE)
    .run();
  const { database, counts } = countedD1(env.DB);
  const store = d1Store(database);
  const { run } = followedBy(aQueuedRun(), launchAwaited(T0)).state;
  const mine = { ...run, orgId };
  const reads: Record<string, number> = {};
  const count = async (what: string, call: () => Promise<unknown>) => {
    const before = counts.rowsRead;
    await call();
    reads[what] = counts.rowsRead - before;
  };
  await count("a launch that those before it want", () => store.takeLaunch(apps, 1000, T0, undefined, mine));
  await count("when to try again", () => store.nextLaunchTry(mine, apps, 1000, T0, T0 + 1e9));
  await count("the next ones", () => store.nextForLaunches(orgId, apps, 1000, T0, 10));
  const urgent = { ...mine, spec: { ...mine.spec, priority: 1 } };
  await count("a launch", () => store.takeLaunch(apps, 1000, T0, undefined, urgent));
  while ((await store.takeLaunch(apps, 1000, T0, undefined, urgent)) !== null);
  await count("no launch", () => store.takeLaunch(apps, 1000, T0, undefined, mine));
  return reads;
}

it("to take a launch reads no more of the line than there are launches, however many stand in it", async () => {
  const [few, many] = [await readsOfLaunches(200), await readsOfLaunches(20_000)];
  console.log("rows read:", many);
  expect(many).toEqual(few);
  const launches = 3 * (LAUNCH_BURST + LAUNCH_HORIZON_MS / 1000);
  expect(Math.max(...Object.values(many))).toBeLessThan(launches + 20);
  expect(many["a launch"]).toBeLessThan(20);
  expect(many["no launch"]).toBeLessThan(20);
});
