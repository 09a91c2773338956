/** Queues with real drivers, a real database and real machines. */

import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { EventListBody, RunBody } from "../../src/api/run-schema.ts";
import type { RunSpecInput } from "../../src/api/spec-schema.ts";
import type { RunEvent } from "../../src/core/event.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { keyQueue } from "../../src/core/turn.ts";
import { sweep } from "../../src/flow/sweep.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aQueuedRun, followedBy } from "../support/a-run.ts";

const ports = apiPorts(env);

async function call<T>(path: string, body?: object): Promise<T> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const headers = { authorization: "Bearer test-token" };
  const response = await exports.default.fetch(
    new Request(`https://mayfly.test${path}`, { ...init, headers }),
  );
  if (!response.ok) throw new Error(`${path} is answered ${response.status}: ${await response.text()}`);
  return await response.json<T>();
}

const show = (id: string) => call<RunBody>(`/v1/runs/${id}`);
const order = (key: string, script: string, more: Partial<RunSpecInput> = {}, limit = 1) =>
  call<RunBody>("/v1/runs", { image: "debian:12", script, concurrency: { key, limit }, ...more });

/** The run as soon as it is so. Asking wakes no driver that has just been at work. */
async function until(id: string, so: (run: RunBody) => boolean): Promise<RunBody> {
  for (let run = await show(id); ; run = await show(id)) {
    if (so(run)) return run;
    await scheduler.wait(20);
  }
}
const final = (id: string) => until(id, (run) => run.settled_at !== null);
const running = (id: string) => until(id, ({ status }) => status === "running");

/** A command that says when it began and ended, by the machine's clock. */
const timed = (seconds: number) => `date +%s%3N; sleep ${seconds}; date +%s%3N`;

async function spanOf(id: string): Promise<[begin: number, end: number]> {
  const chunks = await ports.store.readOutput(id, { attempt: 0, seq: 0 }, 10);
  const text = chunks.map(({ bytes }) => new TextDecoder().decode(bytes ?? undefined)).join("");
  const [begin = Number.NaN, end = Number.NaN] = text.trim().split("\n").map(Number);
  return [begin, end];
}

async function ticketsOf(key: string): Promise<number> {
  const row = await env.DB.prepare("SELECT count(*) AS n FROM queue_tickets WHERE queue = ?")
    .bind(keyQueue(key))
    .first<{ n: number }>();
  return row?.n ?? Number.NaN;
}

/** A run that has a slot of a key, and whose driver is not there. */
async function orphanWithSlot(key: string, ...more: RunEvent[]) {
  const at = Date.now() - 60_000;
  const concurrency = { key, limit: 1, strategy: "queue" as const };
  const queued = aQueuedRun({ concurrency, command: ["echo", "hi"] }, at);
  const story = followedBy(queued, { type: "slot_taken", at, queue: keyQueue(key), limit: 1 }, ...more);
  expect(await ports.store.accept(story.state, story.events, null)).toEqual({ kind: "accepted" });
  return story.state;
}

describe("a concurrency key", () => {
  it("never has more than three of twenty runs at work, by their machines' clock, and all of them have their turn", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 20; index++) ids.push((await order("three", timed(0.2), {}, 3)).id);
    const runs = await Promise.all(ids.map(final));
    expect(runs.map(({ status }) => status)).toEqual(ids.map(() => "succeeded"));
    const spans = await Promise.all(ids.map(spanOf));
    const atOnce = spans.map(([begin]) => spans.filter(([from, to]) => from <= begin && begin < to).length);
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(3);
    expect(Math.max(...atOnce)).toBeGreaterThan(1);
    expect(await ticketsOf("three")).toBe(0);
  }, 120_000);

  it("lets the highest priority go first, and who came first within it, and says who waits for what", async () => {
    const first = await order("order", "sleep 3");
    await running(first.id);
    const low = await order("order", timed(0), { priority: -1 });
    const a = await order("order", timed(0));
    await scheduler.wait(2);
    const b = await order("order", timed(0));
    const high = await order("order", timed(0), { priority: 7 });
    expect(await show(low.id)).toMatchObject({
      status: "queued",
      attempts: [],
      priority: -1,
      waiting: { for: "concurrency", key: "order", limit: 1, place: 4, running: 1 },
    });
    expect(high.waiting).toMatchObject({ place: 1 });
    const { runs } = await call<{ runs: RunBody[] }>("/v1/runs?status=queued");
    expect(runs.find(({ id }) => id === b.id)?.waiting).toMatchObject({ key: "order", place: null });
    const ids = [high, a, b, low].map(({ id }) => id);
    const ended = await Promise.all(ids.map(final));
    expect(ended.map(({ status, waiting }) => [status, waiting])).toEqual(ids.map(() => ["succeeded", null]));
    const begun = (await Promise.all(ids.map(spanOf))).map(([begin]) => begin);
    expect(begun).toEqual(begun.toSorted());
    const { events } = await call<EventListBody>(`/v1/runs/${low.id}/events`);
    expect(events.slice(0, 4).map(({ type }) => type)).toEqual([
      "accepted",
      "slot_awaited",
      "slot_taken",
      "attempt_planned",
    ]);
    expect(events[1]?.data).toEqual({ for: "concurrency", key: "order", limit: 1 });
  }, 60_000);

  it("is made of the run's own fields, each of which has a line of its own", async () => {
    const spec = (env: string) => ({
      image: "debian:12",
      script: "sleep 1",
      tags: { env },
      concurrency: { key: "deploy-{tags.env}" },
    });
    const [prod, dev] = [
      await call<RunBody>("/v1/runs", spec("prod")),
      await call<RunBody>("/v1/runs", spec("dev")),
    ];
    const second = await call<RunBody>("/v1/runs", spec("prod"));
    expect([prod, dev].map(({ status, concurrency }) => [status, concurrency?.key])).toEqual([
      ["starting", "deploy-prod"],
      ["starting", "deploy-dev"],
    ]);
    expect(second).toMatchObject({ status: "queued", waiting: { key: "deploy-prod", place: 1, running: 1 } });
    expect((await final(second.id)).status).toBe("succeeded");
  });

  it("drops a new run that would have to wait, where it says so, and not one that need not", async () => {
    const concurrency = { key: "drop", strategy: "drop_new" as const };
    const first = await order("drop", "sleep 2", { concurrency });
    expect(first.status).toBe("starting");
    const second = await order("drop", "true", { concurrency });
    expect(second).toMatchObject({
      status: "cancelled",
      reason: "dropped",
      detail: "another run has the concurrency key drop",
      attempts: [],
    });
    expect(second.settled_at).not.toBeNull();
    expect((await final(first.id)).status).toBe("succeeded");
    expect((await final((await order("drop", "true", { concurrency })).id)).status).toBe("succeeded");
  });

  it("ends the older runs, those that wait too, for a newer one that takes their place, and starts it when they are gone", async () => {
    const concurrency = { key: "newest", strategy: "cancel_running" as const };
    const script = `date +%s%3N; trap 'date +%s%3N; exit 1' TERM; sleep 30 & wait`;
    const first = await order("newest", script, { concurrency });
    await until(first.id, ({ attempts }) => attempts[0]?.first_output_at !== null);
    const second = await order("newest", timed(0), { concurrency });
    const third = await order("newest", timed(0), { concurrency });
    const ends = await Promise.all([first, second, third].map(({ id }) => final(id)));
    expect(ends.map(({ status, reason }) => [status, reason])).toEqual([
      ["cancelled", "superseded"],
      ["cancelled", "superseded"],
      ["succeeded", null],
    ]);
    expect([second.id, third.id]).toContain(ends[0]?.superseded_by);
    expect(ends[1]).toMatchObject({
      superseded_by: third.id,
      detail: `the newer run ${third.id} took its place`,
      attempts: [],
    });
    expect((await spanOf(third.id))[0]).toBeGreaterThanOrEqual((await spanOf(first.id))[1]);
    const { events } = await call<EventListBody>(`/v1/runs/${second.id}/events`);
    expect(events.find(({ type }) => type === "cancel_requested")?.data).toEqual({ superseded_by: third.id });
  }, 60_000);

  it("ends no more of the older runs than stand in the way", async () => {
    const concurrency = { key: "newest two", limit: 2, strategy: "cancel_running" as const };
    const ids: string[] = [];
    for (let index = 0; index < 3; index++) {
      ids.push((await order("", index < 2 ? "sleep 3" : "true", { concurrency })).id);
      await scheduler.wait(2);
    }
    const ends = await Promise.all(ids.map(final));
    expect(ends.map(({ reason }) => reason)).toEqual(["superseded", null, null]);
  }, 60_000);

  it("is left at once by a waiting run that is cancelled, and the next moves up", async () => {
    const first = await order("leave", "sleep 3");
    const second = await order("leave", "true");
    const third = await order("leave", "true");
    expect(third.waiting?.place).toBe(2);
    await call(`/v1/runs/${second.id}/cancel`, {});
    expect(await final(second.id)).toMatchObject({ reason: "cancelled_by_user", attempts: [] });
    expect((await show(third.id)).waiting?.place).toBe(1);
    expect((await show(first.id)).settled_at).toBeNull();
    expect((await final(third.id)).status).toBe("succeeded");
  });

  it("is waited for as long as the run says, and a run that expires makes place for nobody's harm", async () => {
    const first = await order("expire", "sleep 3");
    const second = await order("expire", "true", { expires: "1s" });
    const third = await order("expire", "true");
    expect(await final(second.id)).toMatchObject({
      status: "cancelled",
      reason: "expired",
      detail: "its turn had not come after 1s",
    });
    expect((await show(first.id)).settled_at).toBeNull();
    expect((await final(third.id)).status).toBe("succeeded");
  });

  it("keeps its slot for a run that retries: who waits runs after the last attempt", async () => {
    const retry = { attempts: 2, backoff: { initial: "1s", jitter: 0 } };
    const script = `[ $MAYFLY_ATTEMPT = 2 ] || exit 3; ${timed(0)}`;
    const first = await order("retries", script, { retry });
    const second = await order("retries", timed(0));
    expect(await final(first.id)).toMatchObject({
      status: "succeeded",
      attempts: [{ number: 1 }, { number: 2 }],
    });
    await final(second.id);
    expect((await spanOf(second.id))[0]).toBeGreaterThanOrEqual((await spanOf(first.id))[1]);
  });
});

describe("whatever dies", () => {
  it("a run whose driver died between taking its slot and launching is carried out, and its slot is free then", async () => {
    const state = await orphanWithSlot("orphan");
    const waiting = await order("orphan", "true");
    expect(waiting.waiting).toMatchObject({ place: 1, running: 1 });
    await sweep(ports);
    expect((await final(state.run.id)).status).toBe("succeeded");
    expect((await final(waiting.id)).status).toBe("succeeded");
    expect(await ticketsOf("orphan")).toBe(0);
  });

  it("so is one whose attempt was planned with its slot, on one machine", async () => {
    const begun = await orphanWithSlot("planned");
    const planned = await ports.store.record(begun, [planAttempt(begun, null, Date.now() - 60_000)], []);
    expect(planned).not.toBeNull();
    await sweep(ports);
    expect((await final(begun.run.id)).attempts).toHaveLength(1);
    expect(await ticketsOf("planned")).toBe(0);
  });

  it("what a run has left that is over holds nobody up: the sweep gives its slot and its place in line back", async () => {
    const first = await order("left", "true");
    await final(first.id);
    await until(first.id, ({ attempts }) => attempts[0]?.released_at !== null);
    // As code of before there were queues leaves them, which ends runs and knows no tickets.
    const insert = (held: number, id: string) =>
      env.DB.prepare("INSERT INTO queue_tickets VALUES ('default', ?, ?, 0, ?, 1)")
        .bind(keyQueue("left"), held, id)
        .run();
    await insert(1, first.id);
    await insert(0, "run_00000000000000000000000000");
    const waiting = await order("left", "true");
    expect(waiting.waiting).toMatchObject({ place: 2, running: 1 });
    const other = await orphanWithSlot("not left");
    expect(await sweep(ports)).toMatchObject({ freed: 2 });
    expect((await final(waiting.id)).status).toBe("succeeded");
    expect((await final(other.run.id)).status).toBe("succeeded");
    expect(await ticketsOf("left")).toBe(0);
  });

  it("a run whose turn came while nobody could tell it is called by the sweep", async () => {
    const state = await orphanWithSlot("uncalled");
    const waiting = await order("uncalled", "true");
    await until(waiting.id, ({ waiting: why }) => why !== null);
    // Its end is stored, and whoever stored it is gone before he could call the next.
    const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
    const ending = { status: "cancelled" as const, reason: "expired" as const, limit: null, detail: null };
    await ports.store.record(state, [{ type: "settled", at: Date.now(), ...ending, exit: null, output }], []);
    await abortAllDurableObjects();
    await sweep(ports);
    expect((await final(waiting.id)).status).toBe("succeeded");
  });

  it("a run that has not asked the older ones to end yet does so when the sweep comes by", async () => {
    const first = await order("late", "trap 'exit 1' TERM; sleep 30 & wait");
    await running(first.id);
    const at = Date.now();
    const concurrency = { key: "late", limit: 1, strategy: "cancel_running" as const };
    const story = followedBy(aQueuedRun({ concurrency }, at - 60_000), {
      type: "slot_awaited",
      at: at - 60_000,
      queue: keyQueue("late"),
      limit: 1,
    });
    // As if it were newer than the first, which its moment of 60 s ago does not say.
    const id = story.state.run.id.replace(/^run_.{10}/, `run_7${"z".repeat(9)}`);
    const state = { ...story.state, run: { ...story.state.run, id } };
    await ports.store.accept(state, story.events, null);
    await sweep(ports);
    expect(await final(first.id)).toMatchObject({ reason: "superseded", superseded_by: id });
    expect((await final(id)).status).toBe("succeeded");
  }, 60_000);
});

describe("a run's time", () => {
  it("is waited for by an alarm and costs nothing meanwhile", async () => {
    const run = await call<RunBody>("/v1/runs", { image: "debian:12", script: "true", delay: "1h" });
    const { id } = run;
    expect(run).toMatchObject({
      status: "queued",
      attempts: [],
      waiting: { for: "run_at", until: run.run_at },
    });
    const dueAt = Date.parse(run.run_at ?? "");
    expect(dueAt - Date.parse(run.accepted_at)).toBe(3_600_000);
    const stub = env.RUN_DRIVER.getByName(id);
    const alarmOf = () => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
    await expect.poll(async () => Math.abs(((await alarmOf()) ?? 0) - dueAt)).toBeLessThan(2000);
    expect((await ports.store.openRuns("", dueAt - 10_000, 1000)).runIds).not.toContain(id);
    // The hour passes: what is stored is moved back by it, as only the time in it counts.
    await env.DB.prepare("UPDATE runs SET accepted_at = accepted_at - 3600000, rests_until = ? WHERE id = ?")
      .bind(Date.now(), id)
      .run();
    await abortAllDurableObjects();
    expect(await runDurableObjectAlarm(env.RUN_DRIVER.getByName(id))).toBe(true);
    expect((await final(id)).status).toBe("succeeded");
  });

  it("that is past is now, and one that is not is waited for before any slot", async () => {
    const past = await call<RunBody>("/v1/runs", {
      image: "debian:12",
      script: "true",
      run_at: "2020-01-01T00:00:00Z",
    });
    expect(past).toMatchObject({ status: "starting", run_at: "2020-01-01T00:00:00.000Z", waiting: null });
    const later = await order("later", timed(0), { delay: "1s" });
    expect(later).toMatchObject({ status: "queued", waiting: { for: "run_at" } });
    expect(await ticketsOf("later")).toBe(0);
    const sooner = await order("later", "true");
    expect(sooner.status).toBe("starting");
    expect((await final(later.id)).status).toBe("succeeded");
    expect((await spanOf(later.id))[0]).toBeGreaterThanOrEqual(Date.parse(later.run_at ?? ""));
  });

  it("of a run that was cancelled meanwhile does not come", async () => {
    const { id } = await call<RunBody>("/v1/runs", { image: "debian:12", script: "true", delay: "1h" });
    await call(`/v1/runs/${id}/cancel`, {});
    expect(await final(id)).toMatchObject({ reason: "cancelled_by_user", attempts: [], waiting: null });
  });
});

describe("a repeat by an idempotency key", () => {
  it("of a run that waits, or was dropped, is that run", async () => {
    await order("repeat", "sleep 2");
    const repeated = async (strategy: "queue" | "drop_new") => {
      const body = JSON.stringify({
        image: "debian:12",
        script: "true",
        delay: "0s",
        concurrency: { key: "repeat", strategy },
      });
      const ask = async () =>
        (
          await exports.default.fetch(
            new Request("https://mayfly.test/v1/runs", {
              method: "POST",
              body,
              headers: { authorization: "Bearer test-token", "idempotency-key": `repeat ${strategy}` },
            }),
          )
        ).json<RunBody>();
      return [await ask(), await ask()].map(({ id, status }) => [id, status]);
    };
    const [first, second] = await repeated("queue");
    expect(second).toEqual(first);
    expect(first?.[1]).toBe("queued");
    const [dropped, again] = await repeated("drop_new");
    expect(again).toEqual(dropped);
    expect(dropped?.[1]).toBe("cancelled");
  });
});
