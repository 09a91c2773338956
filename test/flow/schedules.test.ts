import { describe, expect, it, vi } from "vitest";
import { AppError } from "../../src/core/error.ts";
import { newRunId } from "../../src/core/id.ts";
import {
  SCHEDULE_GRACE_MS,
  TICK_MAX_STATEMENTS,
  TIMEKEEPER_BATCH_FIRINGS,
  TIMEKEEPER_LATE_FIRINGS,
} from "../../src/core/limits.ts";
import { shardOf } from "../../src/core/schedule/spec.ts";
import { changeJob, deleteJob } from "../../src/flow/change-job.ts";
import { Drive } from "../../src/flow/drive.ts";
import { fireShard } from "../../src/flow/fire-shard.ts";
import { advance } from "../../src/flow/flow.ts";
import type { Machines } from "../../src/flow/ports.ts";
import { tick } from "../../src/flow/tick.ts";
import { aSchedule } from "../contracts/schedule-store-contract.ts";
import { T0 } from "../support/a-run.ts";
import { noSecrets } from "../support/no-secrets.ts";
import { ScheduleWorld } from "../support/schedule-world.ts";
import { seededRandom } from "../support/seeded-random.ts";

const MINUTE = 60_000;
const KEY = { orgId: "default", job: "j", name: "s" };
const all = { mode: "all", windowMs: 24 * 60 * MINUTE, afterPause: false } as const;

async function aWorld(change: Parameters<typeof aSchedule>[0] = {}) {
  const world = new ScheduleWorld();
  await world.put("j", [aSchedule(change)]);
  return world;
}

/** The due times that have a run, each as often as it has one. */
const fired = (world: ScheduleWorld) =>
  world
    .runs()
    .map(({ run }) => ((run.firing?.dueAt ?? 0) - T0) / MINUTE)
    .sort((a, b) => a - b);

/** The name of a schedule of the job "other" that has the same timekeeper. */
const nameOfOther = () =>
  Array.from({ length: 100 }, (_, index) => `s${index}`).find(
    (name) => shardOf({ ...KEY, job: "other", name }) === shardOf(KEY),
  ) ?? "";

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("each due time is one run, at its time", () => {
  it("submitted on the second, though the cron comes by the minute", async () => {
    const world = await aWorld({ rule: { kind: "every", everyMs: 7000 }, startsAt: T0 });
    await world.live(5 * MINUTE);
    const late = world.runs().map(({ run }) => run.acceptedAt - (run.firing?.dueAt ?? 0));
    expect(late).toEqual(Array.from({ length: 42 }, () => 0));
    expect(world.runs()[0]?.run).toMatchObject({
      job: { name: "j", version: 1, input: "{}" },
      firing: { schedule: "s", dueAt: T0 + 7000, overlap: "allow", isCaughtUp: false },
    });
    expect(world.runs()[0]?.attempts[0]?.machineConfig.env).toMatchObject({
      MAYFLY_SCHEDULE: "s",
      MAYFLY_DUE_AT: "2026-11-21T10:00:07.000Z",
    });
  });

  it("where the cron fires twice, late, or now and then not at all, and timekeepers are lost", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = seededRandom(seed);
      const world = await aWorld({ catchUp: all });
      for (const end = T0 + 30 * MINUTE; world.now < end; ) {
        if (random() < 0.8) await world.tick();
        if (random() < 0.3) await Promise.all([world.tick(), world.tick()]);
        if (random() < 0.3) world.crash();
        await world.until(world.now + Math.floor(random() * 2 * MINUTE));
        // Two who believe to be the same timekeeper.
        if (random() < 0.5) await Promise.all([1, 2].map(() => fireShard(world.ports, shardOf(KEY))));
      }
      await world.live(2 * MINUTE);
      const last = Math.floor((world.now - T0) / MINUTE);
      expect(fired(world), `seed ${seed}`).toEqual(upTo(last));
    }
  });

  it("by clocks that jump ahead and back", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = seededRandom(seed);
      const world = await aWorld({ catchUp: all });
      for (let steps = 0; steps < 20; steps++) {
        const trueNow = world.now;
        const skew = random() < 0.3 ? Math.floor((random() - 0.5) * 20 * MINUTE) : 0;
        world.now = Math.max(T0, trueNow + skew);
        await world.tick();
        world.now = trueNow;
        await world.until(trueNow + MINUTE);
      }
      world.crash();
      await world.live(3 * MINUTE);
      const last = Math.floor((world.now - T0) / MINUTE);
      // By a clock ahead some were armed ahead, and started at their time all the same.
      expect(new Set(fired(world)).size, `seed ${seed}: none twice`).toBe(fired(world).length);
      expect(
        fired(world).filter((minute) => minute > 0 && minute <= last),
        `seed ${seed}`,
      ).toEqual(upTo(last));
    }
  });

  it("one that can not be stored now is tried again, and others are not held up", async () => {
    const world = await aWorld({ name: "s" });
    await world.put("other", [aSchedule()]);
    let broken = 3;
    const { orderOf } = world;
    world.orderOf = async (job, input) => {
      if (job.job.name === "j" && broken-- > 0) throw new Error("the database is away");
      return orderOf(job, input);
    };
    await world.live(90_000);
    expect(world.errors.length).toBe(3);
    expect(world.ledger(KEY)[0]).toBe("1:ran");
    const [first] = world.schedules.of({ ...KEY, job: "other" });
    expect(first).toMatchObject({ outcome: "ran", decidedAt: T0 + MINUTE });
  });

  it("however many can not be stored, those behind them are started, and they themselves later", async () => {
    const world = new ScheduleWorld();
    const names = Array.from({ length: 50 * TIMEKEEPER_BATCH_FIRINGS }, (_, index) => `s${index}`)
      .filter((name) => shardOf({ ...KEY, name }) === shardOf(KEY))
      .slice(0, TIMEKEEPER_BATCH_FIRINGS + 2);
    const once = { rule: { kind: "at", times: [T0 + MINUTE] } } as const;
    await world.put(
      "j",
      names.map((name) => aSchedule({ ...once, name })),
    );
    const other = { rule: { kind: "at", times: [T0 + MINUTE + 1] }, name: nameOfOther() } as const;
    await world.put("other", [aSchedule(other)]);
    let isBroken = true;
    const { orderOf } = world;
    world.orderOf = async (job, input) => {
      if (job.job.name === "j" && isBroken) throw new Error("the database is away");
      return orderOf(job, input);
    };
    await world.tick();
    await world.until(T0 + MINUTE + 5000);
    expect(world.runs().map(({ run }) => run.job?.name)).toEqual(["other"]);
    isBroken = false;
    await world.until(T0 + MINUTE + 10_000);
    expect(world.runs()).toHaveLength(names.length + 1);
    expect(world.errors.length).toBeLessThan(10);
  });

  it("a job that can not be run any more has its due times recorded as missed, and why", async () => {
    const world = await aWorld();
    world.orderOf = async () => {
      throw new AppError("invalid_input", "there is no secret TOKEN", "job.run.secrets.TOKEN");
    };
    await world.live(90_000);
    expect(world.schedules.of(KEY)[0]).toMatchObject({
      outcome: "missed",
      runId: null,
      why: "the job can not be run: job.run.secrets.TOKEN: there is no secret TOKEN",
    });
  });
});

describe("after an outage", () => {
  const outage = async (change: Parameters<typeof aSchedule>[0]) => {
    const world = await aWorld(change);
    await world.live(2 * MINUTE);
    world.crash();
    world.now += 10 * MINUTE;
    await world.live(MINUTE);
    return world;
  };

  it("the latest is caught up, and what was armed or not even decided is recorded as missed", async () => {
    const world = await outage({});
    expect(world.ledger(KEY).slice(0, 13)).toEqual([
      "1:ran",
      "2:ran",
      ...[3, 4, 5, 6, 7, 8, 9, 10, 11].map((minute) => `${minute}:missed`),
      "12:ran",
      "13:ran",
    ]);
  });

  it("all are caught up, one after the other where they must not overlap, oldest first", async () => {
    const world = await outage({ catchUp: all, overlap: "skip" });
    const runs = world.runs().filter(({ run }) => run.firing?.isCaughtUp);
    expect(runs.map(({ run }) => (run.firing?.dueAt ?? 0) / MINUTE)).toEqual(
      runs.map(({ run }) => (run.firing?.dueAt ?? 0) / MINUTE).toSorted((a, b) => a - b),
    );
    expect(runs.length).toBeGreaterThanOrEqual(6);
    expect(runs.filter(({ attempts }) => attempts.length > 0).length).toBeLessThanOrEqual(1);
  });

  it("in the line they stand by their due times, though all came in one moment", async () => {
    const world = await aWorld({ catchUp: all, overlap: "queue" });
    let drawn = 255;
    world.ports.ids = { runId: (nowMs) => newRunId(nowMs, new Uint8Array(16).fill(drawn--)) };
    world.now += 10 * MINUTE;
    await world.live(10);
    const byId = world.runs().toSorted((a, b) => (a.run.id < b.run.id ? -1 : 1));
    const due = byId.map(({ run }) => run.firing?.dueAt ?? 0);
    expect(due.length).toBe(10);
    expect(due).toEqual(due.toSorted((a, b) => a - b));
  });

  it("one is caught up of all that were armed, also where they are more than are started at once", async () => {
    const world = new ScheduleWorld();
    const names = Array.from({ length: 100 }, (_, index) => `s${index}`)
      .filter((name) => shardOf({ ...KEY, name }) === 0)
      .slice(0, 3);
    const spec = { rule: { kind: "every", everyMs: 1000 }, endsAt: T0 + 80_000 } as const;
    await world.put(
      "j",
      names.map((name) => aSchedule({ ...spec, name })),
    );
    await world.tick();
    world.now += 10 * MINUTE;
    await world.live(MINUTE);
    for (const name of names) {
      const rows = world.schedules.of({ ...KEY, name });
      expect(rows.map(({ outcome }) => outcome)).toEqual([...Array(78).fill("missed"), "caught_up"]);
    }
  });

  it("all are caught up, and no more at one alarm than a timekeeper starts at once", async () => {
    const each = { kind: "every", everyMs: 1000 } as const;
    const world = await aWorld({ rule: each, endsAt: T0 + 80_000, catchUp: all });
    await world.tick();
    world.crash();
    world.now += 10 * MINUTE;
    await fireShard(world.ports, shardOf(KEY));
    expect(world.runs()).toHaveLength(TIMEKEEPER_BATCH_FIRINGS);
    await world.live(MINUTE);
    const due = world.runs().map(({ run }) => run.firing?.dueAt ?? 0);
    expect(due).toEqual(Array.from({ length: 79 }, (_, index) => T0 + (index + 1) * 1000));
  });

  it("one is caught up of more than are looked at together, each look being few statements", async () => {
    const many = TIMEKEEPER_LATE_FIRINGS + 20;
    const world = await aWorld({ rule: { kind: "every", everyMs: 1000 }, endsAt: T0 + (many + 1) * 1000 });
    while (world.schedules.of(KEY).length < many) {
      await world.tick();
      world.now += MINUTE;
    }
    world.crash();
    world.now += 10 * MINUTE;
    const finish = vi.spyOn(world.schedules, "finish");
    for (let alarms = 0; alarms < 2; alarms++) await fireShard(world.ports, shardOf(KEY));
    expect(finish).toHaveBeenCalledTimes(2);
    const outcomes = world.schedules.of(KEY).map(({ outcome }) => outcome);
    expect(outcomes).toEqual([...Array(outcomes.length - 1).fill("missed"), "caught_up"]);
  });

  it.each([
    [
      "has another rule",
      "ran",
      (world: ScheduleWorld) => {
        const schedules = [aSchedule({ rule: { kind: "every", everyMs: 60 * MINUTE } })];
        const change = { change: { kind: "put" }, expectedVersion: null, means: () => false } as const;
        const definition = { run: {} };
        return changeJob(world.ports, { orgId: "default", name: "j", definition, schedules, ...change });
      },
    ],
    ["is deleted", "missed", (world: ScheduleWorld) => deleteJob(world.ports, "default", "j", null)],
  ])(
    "what came due in it is told also where the job %s before anybody comes",
    async (_how, lately, change) => {
      const world = await aWorld();
      await world.live(2 * MINUTE);
      world.crash();
      world.now += 10 * MINUTE;
      await change(world);
      await world.live(MINUTE);
      expect(world.ledger(KEY)).toEqual([
        "1:ran",
        "2:ran",
        ...[3, 4, 5, 6, 7, 8, 9, 10, 11].map((minute) => `${minute}:missed`),
        `12:${lately}`,
      ]);
    },
  );

  it("none of it is run where the schedule says so", async () => {
    const world = await outage({ catchUp: { ...all, mode: "none" } });
    expect(world.ledger(KEY).filter((row) => row.endsWith("caught_up"))).toEqual([]);
    expect(world.ledger(KEY)).toContain("5:missed");
  });
});

describe("after an outage of 100 seconds", () => {
  const NEVER_ENDS = { rule: { kind: "every", everyMs: 10_000 }, overlap: "skip" } as const;
  /** Due each ten seconds, from the sixth on with nobody there; the run of the first has ended before. */
  const outage = async (mode: (typeof all)["mode"] | "latest", isArmed: boolean) => {
    const world = await aWorld({ ...NEVER_ENDS, catchUp: { ...all, mode } });
    await world.tick();
    await world.until(T0 + 11_000);
    await world.end(world.runs()[0]?.run.id ?? "");
    if (!isArmed) world.schedules.ledger.clear();
    world.crash();
    world.now = T0 + 113_000;
    await world.live(1000);
    const rows = world.schedules.of(KEY).filter(({ dueAt }) => dueAt > T0 + 10_000 && dueAt < world.now);
    return rows.map(({ dueAt, outcome }) => [(dueAt - T0) / 1000, outcome]);
  };
  const before = [20, 30, 40, 50, 60, 70, 80, 90, 100];

  it("of due times that must not overlap the newest runs, and no older one in its place", async () => {
    expect(await outage("latest", true)).toEqual([...before.map((due) => [due, "missed"]), [110, "ran"]]);
  });

  it("each of them is made good with all, and the newest, which is in time, is skipped for them", async () => {
    expect(await outage("all", true)).toEqual([...before.map((due) => [due, "caught_up"]), [110, "skipped"]]);
  });
});

describe("a timekeeper's note that it is at work", () => {
  const noted = async (alarmTakesMs: number, count: number) => {
    const world = new ScheduleWorld();
    const names = Array.from({ length: 12 * count }, (_, index) => `s${index}`)
      .filter((name) => shardOf({ ...KEY, name }) === 0)
      .slice(0, count);
    const spec = { rule: { kind: "every", everyMs: 10_000 }, endsAt: T0 + 85_000, overlap: "allow" } as const;
    await world.put(
      "j",
      names.map((name) => aSchedule({ ...spec, name, catchUp: { ...all, mode: "none" } })),
    );
    const { orderOf } = world;
    let isSlow = true;
    world.orderOf = (...asked) => {
      if (isSlow) world.now += alarmTakesMs;
      isSlow = false;
      return orderOf(...asked);
    };
    const note = vi.spyOn(world.schedules, "noteWork");
    await world.live(2 * MINUTE);
    const outcomes = [...world.schedules.ledger.values()].map(({ outcome }) => outcome);
    return { notes: note.mock.calls.length, outcomes: [...new Set(outcomes)] };
  };

  it("is not written by alarms that come to their end soon", async () => {
    expect(await noted(1000, 2)).toEqual({ notes: 0, outcomes: ["ran"] });
  });

  it("is by one that takes longer than is in time, so that what came due in the meantime is not missed", async () => {
    expect(await noted(45_000, 2)).toEqual({ notes: 1, outcomes: ["ran"] });
  });
});

describe("more due at once than timekeepers start in time", () => {
  const MANY = 300;
  /** Due at T0 + 1 min, all for one timekeeper, which takes a second for each. */
  const aBurst = async () => {
    const world = new ScheduleWorld();
    const names = Array.from({ length: 12 * MANY }, (_, index) => `s${index}`);
    const ofShard = names.filter((name) => shardOf({ ...KEY, name }) === 0).slice(0, MANY);
    const spec = (name: string) =>
      aSchedule({ name, rule: { kind: "at", times: [T0 + MINUTE] }, catchUp: { ...all, mode: "none" } });
    await world.put("j", ofShard.map(spec));
    const { orderOf } = world;
    world.orderOf = (...asked) => {
      world.now += 1000;
      return orderOf(...asked);
    };
    await world.tick();
    const count = (outcome: string) =>
      [...world.schedules.ledger.values()].filter((row) => row.outcome === outcome).length;
    return { world, count };
  };

  it("is slow and no outage: all of it ran, however late", async () => {
    const { world, count } = await aBurst();
    await world.until(T0 + 2 * MINUTE + MANY * 1000);
    expect([count("ran"), world.runs().length]).toEqual([MANY, MANY]);
    const late = world.runs().map(({ run }) => run.acceptedAt - (run.firing?.dueAt ?? 0));
    expect(Math.max(...late)).toBeGreaterThan(2 * SCHEDULE_GRACE_MS);
    expect(world.runs().some(({ run }) => run.firing?.isCaughtUp)).toBe(false);
  });

  it("what was left of it when timekeepers went away for longer was missed", async () => {
    const { world, count } = await aBurst();
    const alarms = 9;
    await world.until(T0 + MINUTE + (alarms - 1) * TIMEKEEPER_BATCH_FIRINGS * 1000);
    const begun = count("ran");
    expect(begun).toBe(alarms * TIMEKEEPER_BATCH_FIRINGS);
    world.crash();
    world.now += 10 * MINUTE;
    await world.live(MINUTE);
    expect([count("ran"), count("missed")]).toEqual([begun, MANY - begun]);
  });
});

describe("a pause", () => {
  it("leaves out what comes due, also what was armed before it", async () => {
    const world = await aWorld();
    await world.tick();
    await world.schedules.pause(KEY, world.now + 10, true);
    await world.live(5 * MINUTE);
    expect(world.runs()).toEqual([]);
    await world.schedules.pause(KEY, world.now, false);
    await world.live(2 * MINUTE);
    expect(world.ledger(KEY)).toEqual([
      ...[1, 2, 3, 4].map((minute) => `${minute}:paused`),
      "5:ran",
      "6:ran",
      "7:ran",
    ]);
  });

  it("leaves out what came due in it, also where nobody comes to start that before its end", async () => {
    const world = await aWorld();
    await world.tick();
    await world.schedules.pause(KEY, T0 + 50_000, true);
    world.crash();
    world.now = T0 + 80_000;
    await world.schedules.pause(KEY, world.now, false);
    await world.live(MINUTE);
    expect(world.ledger(KEY).slice(0, 2)).toEqual(["1:paused", "2:ran"]);
  });

  it("that counts as an outage is caught up, also what was armed before it", async () => {
    const world = await aWorld({ catchUp: { ...all, afterPause: true } });
    await world.tick();
    await world.schedules.pause(KEY, T0 + 50_000, true);
    await world.until(T0 + 80_000);
    expect(world.ledger(KEY)).toEqual(["1:paused"]);
    await world.schedules.pause(KEY, world.now, false);
    await world.live(MINUTE);
    expect(world.ledger(KEY).slice(0, 2)).toEqual(["1:caught_up", "2:ran"]);
  });

  it("of the job is one of its schedules", async () => {
    const world = await aWorld();
    await world.jobs.pause("default", "j", world.now, world.now);
    await world.live(3 * MINUTE);
    expect([world.runs(), world.ledger(KEY)]).toEqual([[], []]);
  });
});

describe("where the previous run is still at work", () => {
  it("skip: the due time has no run, and the ledger says so", async () => {
    const world = await aWorld({ overlap: "skip" });
    await world.live(2 * MINUTE + 10);
    expect(world.ledger(KEY).slice(0, 2)).toEqual(["1:ran", "2:skipped"]);
    expect(world.schedules.of(KEY)[1]?.blockedBy).toBe(world.runs()[0]?.run.id);
    const [first] = world.runs();
    expect(world.runs()).toHaveLength(1);
    await world.end(first?.run.id ?? "");
    await world.live(MINUTE);
    expect(world.ledger(KEY).slice(0, 3)).toEqual(["1:ran", "2:skipped", "3:ran"]);
  });

  it("queue: its run waits", async () => {
    const world = await aWorld({ overlap: "queue" });
    await world.live(3 * MINUTE + 10);
    expect(fired(world)).toEqual([1, 2, 3]);
    expect(world.runs().map(({ run }) => run.status)).toEqual(["starting", "queued", "queued"]);
    expect(world.runs()[1]?.run.tickets).toMatchObject([{ queue: "schedule:j/s", held: false, limit: 1 }]);
  });

  it("cancel_running: the other one is asked to cancel", async () => {
    const world = await aWorld({ overlap: "cancel_running" });
    await world.live(2 * MINUTE + 10);
    const [first, second] = world.runs();
    if (!second) throw new Error("the second due time has no run");
    expect([first?.run.status, second.run.status]).toEqual(["starting", "queued"]);
    const ports = {
      ...world.ports,
      machinesOf: () => ({}) as Machines,
      blobs: { put: async () => {}, get: async () => null },
      secrets: noSecrets,
      drivers: { nudge: async () => {} },
    };
    await advance(ports, new Drive(second, false));
    expect((await world.store.load(first?.run.id ?? ""))?.run).toMatchObject({
      cancelRequestedAt: world.now,
      supersededBy: second.run.id,
    });
  });

  it("allow: both run", async () => {
    const world = await aWorld({ overlap: "allow" });
    await world.live(2 * MINUTE + 10);
    expect(world.runs().map(({ run }) => run.status)).toEqual(["starting", "starting"]);
  });

  it("another schedule's run is none of it", async () => {
    const world = new ScheduleWorld();
    await world.put("j", [
      aSchedule({ name: "a", overlap: "skip" }),
      aSchedule({ name: "b", overlap: "skip" }),
    ]);
    await world.live(MINUTE + 10);
    expect(world.runs().map(({ run }) => run.status)).toEqual(["starting", "starting"]);
  });
});

it("a schedule that goes, or gets another rule, fires no more by the old one", async () => {
  const world = await aWorld();
  await world.tick();
  await world.put("j", [aSchedule({ rule: { kind: "every", everyMs: 45_000 } })]);
  await world.live(MINUTE);
  expect(fired(world)).toEqual([0.75]);
  await world.put("j", []);
  await world.live(3 * MINUTE);
  expect(fired(world)).toEqual([0.75]);
});

it("a tick after a long outage keeps to its share of queries, and the next ones go on until all is decided", async () => {
  const world = new ScheduleWorld();
  const everySecond = aSchedule({ rule: { kind: "every", everyMs: 1000 } });
  for (let index = 0; index < 230; index++) await world.put(`j${index}`, [everySecond]);
  world.now += 15 * MINUTE;
  let sent = 0;
  for (const [call, statements] of [
    ["due", 1],
    ["placedAfter", 1],
    ["record", 2],
  ] as const) {
    const original = world.schedules[call].bind(world.schedules) as (...given: never[]) => Promise<never>;
    world.schedules[call] = (...given: never[]) => {
      sent += statements;
      return original(...given);
    };
  }
  const asked: number[] = [];
  const told: number[] = [];
  for (let ticks = 0; ticks < 3; ticks++) {
    sent = 0;
    told.push((await tick({ ...world.ports, timekeepers: { wake: async () => {} } })).statements);
    asked.push(sent);
  }
  expect(told).toEqual(asked);
  expect(Math.max(...asked)).toBeLessThanOrEqual(TICK_MAX_STATEMENTS);
  expect(asked[0]).toBeGreaterThan(TICK_MAX_STATEMENTS - 4);
  expect([...world.schedules.schedules.values()].filter(({ place }) => place.decidedTo < world.now)).toEqual(
    [],
  );
});
