import { describe, expect, it } from "vitest";
import { AppError } from "../../src/core/error.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import { judgeAll } from "../../src/flow/reap.ts";
import { aSpec, T0 } from "../support/a-run.ts";
import { FlyWorld, KEY } from "../support/fly-world.ts";
import { MemoryFleetStore } from "../support/memory-fleet-store.ts";
import { seededRandom } from "../support/seeded-random.ts";

async function aWorld() {
  const world = new FlyWorld();
  await world.put();
  return world;
}

/** One whose machine was made and has run once. */
async function aLivingWorld() {
  const world = await aWorld();
  await world.tick();
  world.start();
  world.stop();
  await world.tick();
  return world;
}

describe("a schedule has one machine", () => {
  it("made of what its job says, and of no more by the next ticks, also several at once", async () => {
    const world = await aWorld();
    await Promise.all([world.tick(), world.tick(), world.tick()]);
    await world.tick();
    const { request } = world.machine();
    expect(request).toMatchObject({
      period: "hourly",
      name: expect.stringMatching(/^mayfly-fly-[0-9a-f]{32}$/),
    });
    expect(request.config).toMatchObject({
      image: "debian:12",
      region: "ams",
      env: { MAYFLY_JOB: "j", MAYFLY_JOB_VERSION: "1", MAYFLY_INPUT: "{}", MAYFLY_SCHEDULE: "s" },
      metadata: { mayfly_schedule: "j/s" },
    });
    expect(await world.flySchedules.find(KEY)).toMatchObject({ app: "one", machineId: "m1", problem: null });
  });

  it("where the answer to its create was lost, or never came, or was no", async () => {
    for (const onCreate of [
      (make: () => unknown) => {
        make();
        return { kind: "uncertain" as const, error: "no answer" };
      },
      () => ({ kind: "uncertain" as const, error: "no answer" }),
      () => ({ kind: "later" as const, error: "slower", tooMany: true }),
      () => ({ kind: "refused" as const, reason: "no_capacity" as const, error: "no room" }),
    ]) {
      const world = await aWorld();
      world.onCreate = onCreate;
      for (let ticks = 0; ticks < 4; ticks++) await world.tick();
      expect(await world.flySchedules.find(KEY)).toMatchObject({ machineId: world.machine().id });
    }
  });

  it("where the answer to its create was lost and lists lag, though several ticks look and other apps have launches", async () => {
    const world = await aWorld();
    world.ports.launches = launchesOver(world.store, { apps: ["one", "two", "three"], perSecond: 1 });
    world.listLagMs = 115_000;
    world.onCreate = (make) => {
      make();
      return { kind: "uncertain", error: "no answer" };
    };
    await Promise.all([world.tick(), world.tick(0)]);
    for (let ticks = 0; ticks < 20; ticks++) {
      await Promise.all([world.tick(0.2), world.tick(0)]);
      expect(world.living()).toHaveLength(1);
    }
    const { id, app } = world.machine();
    expect(await world.flySchedules.find(KEY)).toMatchObject({ machineId: id, app });
    expect(world.asks).toBe(1);
  });

  it("asked for again in the app of the ask that had no answer, which refuses a second one that no list has", async () => {
    const world = await aWorld();
    world.ports.launches = launchesOver(world.store, { apps: ["one", "two", "three"], perSecond: 1 });
    world.listLagMs = 5 * 60_000;
    world.onCreate = (make) => {
      make();
      return { kind: "uncertain", error: "no answer" };
    };
    for (let ticks = 0; ticks < 8; ticks++) await world.tick();
    expect(await world.flySchedules.find(KEY)).toMatchObject({ machineId: world.machine().id });
  });

  it("again, where somebody has destroyed it", async () => {
    const world = await aLivingWorld();
    world.lose();
    for (let ticks = 0; ticks < 2; ticks++) await world.tick();
    expect(world.machine().id).toBe("m2");
    world.start();
    await world.tick();
    expect(world.started()).toHaveLength(2);
  });

  it("and not one each minute where none ever starts: the schedule says why", async () => {
    const world = await aWorld();
    for (let ticks = 0; ticks < 120; ticks++) {
      await world.tick();
      for (const machine of world.living()) world.lose(machine);
    }
    expect(world.machines.length).toBeGreaterThan(3);
    expect(world.machines.length).toBeLessThan(12);
    expect((await world.flySchedules.find(KEY))?.problem).toMatch(/was never started, and is gone/);
  });

  it("that is left alone as long as its host does not tell what it is", async () => {
    const world = await aLivingWorld();
    const { metadata } = world.machine();
    world.machine().metadata = {};
    await world.put([]);
    for (let ticks = 0; ticks < 3; ticks++) await world.tick();
    expect(world.living()).toHaveLength(1);
    world.machine().metadata = metadata;
    for (let ticks = 0; ticks < 2; ticks++) await world.tick();
    expect(world.living()).toEqual([]);
  });

  it("none as long as it rests, but for the run at work, and none once it is gone", async () => {
    for (const rest of [
      (world: FlyWorld) => world.schedules.pause(KEY, world.now, true),
      (world: FlyWorld) => world.jobs.pause("default", "j", world.now, world.now),
      (world: FlyWorld) => world.put([]),
      (world: FlyWorld) => world.jobs.delete("default", "j", world.now, null),
    ]) {
      const world = await aLivingWorld();
      world.start();
      await world.tick();
      await rest(world);
      for (let ticks = 0; ticks < 3; ticks++) await world.tick();
      expect(world.living()).toHaveLength(1);
      world.stop();
      for (let ticks = 0; ticks < 2; ticks++) await world.tick();
      expect(world.living()).toEqual([]);
      expect(await world.flySchedules.find(KEY)).toBeNull();
      expect(world.started()).toHaveLength(2);
    }
  });

  it("that stays for one look more where it has just run, so that the run can be told of its end", async () => {
    const world = await aLivingWorld();
    await world.put([]);
    world.start();
    world.stop();
    await world.tick();
    expect([world.started().length, world.living().length]).toEqual([2, 1]);
    await world.tick();
    expect(world.living()).toEqual([]);
  });

  it("which the sweep over machines knows for its own, and one that no schedule has for nobody's", async () => {
    const world = await aLivingWorld();
    const fleet = new MemoryFleetStore(world.store, world.flySchedules);
    const verdicts = async () =>
      (await judgeAll(fleet, world.machines)).map(({ verdict }) => [verdict.known, verdict.why]);
    expect(await verdicts()).toEqual([[true, "schedule"]]);
    world.flySchedules.machines.clear();
    expect(await verdicts()).toEqual([[false, "schedule_is_unknown"]]);
    world.lose();
    world.machines[0] = { ...world.machines[0], state: "destroying" } as (typeof world.machines)[0];
    expect(await verdicts()).toEqual([[true, "leaving"]]);
  });

  it("also where runs have taken all launches of the next minute, of many schedules one a tick then", async () => {
    const world = await aWorld();
    await world.put(["a", "b", "c"]);
    const launches = launchesOver(world.store, { apps: ["one"], perSecond: 1 });
    world.ports.launches = launches;
    const runsGoOn = async () => {
      // As many as to have none free before the next minute is over.
      for (let taken = 0; taken < 70; taken++) {
        const before = world.now + 60_000;
        await launches.take(world.now, { machineName: "x", before });
      }
    };
    for (let ticks = 1; ticks <= 3; ticks++) {
      world.now += 60_000;
      await runsGoOn();
      await world.tick(0);
      expect(world.living()).toHaveLength(ticks);
    }
  });

  it("beside those of other schedules, one of which can not be looked after", async () => {
    const world = await aWorld();
    await world.put(["s"], "bad");
    await world.put(["s"], "last");
    const { orderOf } = world;
    world.orderOf = async (job, input) => {
      if (job.job.name === "bad") throw new Error("the database is away");
      return orderOf(job, input);
    };
    const { problems } = await world.tick();
    expect(problems).toEqual(["bad/s: the database is away"]);
    expect(world.living()).toHaveLength(2);
  });
});

describe("each start becomes one run", () => {
  it("attached to the machine and running since then, with a row in the ledger", async () => {
    const world = await aWorld();
    await world.tick();
    const startedAt = world.start();
    await world.tick(0.5);
    const [state] = world.runs();
    expect(state?.run).toMatchObject({
      status: "running",
      acceptedAt: world.now,
      job: { name: "j", version: 1, input: "{}" },
      firing: { schedule: "s", dueAt: startedAt, startedByFly: true },
      tickets: [],
    });
    expect(state?.attempts).toMatchObject([
      {
        ...{ machineId: "m1", app: "one", region: "ams", startedAt, exitedAt: null },
        machineName: world.machine().name,
        machineConfig: { startedByFlyAt: startedAt },
      },
    ]);
    expect(world.schedules.of(KEY)).toMatchObject([
      { dueAt: startedAt, outcome: "ran", trigger: "fly", runId: state?.run.id, decidedAt: world.now },
    ]);
  });

  it("whether it is noticed at once, late, when others have followed, or by several ticks at a time", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed);
      const world = await aWorld();
      await world.tick();
      const starts: number[] = [];
      for (let step = 0; step < 60; step++) {
        const machine = world.machine();
        if (machine.state === "started") world.stop();
        else if (random() < 0.7) starts.push((world.start() - T0) / 1000);
        if (random() < 0.3) await Promise.all([world.tick(), world.tick(0)]);
        // More than the 50 events that Fly keeps are lost: that is another promise.
        else if (random() < 0.5 || starts.length - world.started().length > 10) await world.tick();
      }
      await world.tick();
      expect(
        world.started().toSorted((a, b) => a - b),
        `seed ${seed}`,
      ).toEqual(starts);
    }
  });

  it("also the last one of a machine that was destroyed by then", async () => {
    const world = await aLivingWorld();
    world.start();
    world.stop(3);
    world.lose();
    await world.tick();
    expect(world.started()).toHaveLength(2);
  });

  it("also where there are more than one tick's queries are for: the next ones go on, and others have theirs", async () => {
    const world = await aWorld();
    await world.put(["a", "b"]);
    await world.tick();
    world.toldEvents = world.keptEvents = 1000;
    for (const machine of world.living())
      for (let count = 0; count < 50; count++) {
        world.start(machine);
        world.stop(0, machine);
      }
    // Nothing of it can be asked for later.
    for (const machine of world.living()) world.lose(machine);
    const made: number[] = [];
    for (let before = -1; world.runs().length > before; ) {
      before = world.runs().length;
      await world.tick();
      made.push(world.runs().length - before);
    }
    expect(Math.max(...made)).toBe(22);
    for (const name of ["a", "b"])
      expect(world.schedules.of({ ...KEY, name }).map(({ outcome }) => outcome)).toEqual(
        Array(50).fill("ran"),
      );
  });

  it("of which Fly has forgotten some: the ledger says since when nothing is known", async () => {
    const world = await aLivingWorld();
    const [seen = 0] = world.started();
    world.keptEvents = 7;
    for (let count = 0; count < 6; count++) {
      world.start();
      world.stop();
    }
    const oldest = world.machine().events.at(-1)?.at;
    await world.tick();
    const rows = world.schedules.of(KEY);
    expect(rows.filter(({ outcome }) => outcome === "missed")).toMatchObject([
      {
        dueAt: T0 + seen * 1000 + 1,
        throughAt: oldest,
        count: 0,
        trigger: "fly",
        why: expect.stringMatching(/^Fly tells/),
      },
    ]);
    expect(rows.filter(({ outcome }) => outcome === "ran")).toHaveLength(3);
  });

  it("where a crash comes between a run and the note that it was seen", async () => {
    const world = await aWorld();
    await world.tick();
    world.start();
    const { change } = world.flySchedules;
    world.flySchedules.change = async () => {
      throw new Error("killed");
    };
    expect((await world.tick()).problems).toEqual(["j/s: killed"]);
    world.flySchedules.change = change.bind(world.flySchedules);
    await world.tick();
    expect(world.started()).toHaveLength(1);
  });
});

describe("a job that changes", () => {
  it("changes its machine once that is at rest, and each run is of what the machine was made of", async () => {
    const world = await aLivingWorld();
    world.start();
    world.spec = aSpec({ command: ["echo", "new"] });
    await world.put();
    for (let ticks = 0; ticks < 3; ticks++) await world.tick();
    expect(world.machine().request.config.exec?.at(-1)).toBe("hi");
    world.stop();
    await world.tick();
    expect(world.machine().request.config.exec?.at(-1)).toBe("new");
    world.start();
    await world.tick();
    expect(world.machine().id).toBe("m1");
    expect(world.runs().map(({ run }) => [run.job?.version, run.spec.command?.at(-1)])).toEqual([
      [1, "hi"],
      [1, "hi"],
      [2, "new"],
    ]);
  });

  it("is not changed by a start that comes before its machine is: that one is of before", async () => {
    const world = await aLivingWorld();
    world.spec = aSpec({ command: ["echo", "new"] });
    await world.put();
    world.start();
    world.stop();
    await world.tick();
    expect(world.runs().at(-1)?.run.spec.command).toEqual(["echo", "hi"]);
    expect(world.machine().request.config.exec?.at(-1)).toBe("hi");
    await world.tick();
    expect(world.machine().request.config.exec?.at(-1)).toBe("new");
  });

  it("is tried again where Fly takes the change back, and runs are of what is there", async () => {
    const world = await aLivingWorld();
    world.spec = aSpec({ command: ["echo", "new"] });
    await world.put();
    world.reverts = true;
    for (let ticks = 0; ticks < 2; ticks++) await world.tick();
    world.start();
    world.stop();
    await world.tick();
    expect(world.runs().at(-1)?.run.spec.command).toEqual(["echo", "hi"]);
    world.reverts = false;
    await world.tick();
    world.start();
    await world.tick();
    expect(world.runs().at(-1)?.run.spec.command).toEqual(["echo", "new"]);
  });

  it("to another region gets another machine there", async () => {
    const world = await aLivingWorld();
    world.spec = aSpec({ regions: ["fra"] });
    await world.put();
    for (let ticks = 0; ticks < 4; ticks++) await world.tick();
    expect(world.machine()).toMatchObject({ id: "m2", region: "fra" });
  });

  it("to what can not be run leaves its machine as it is, and its starts are runs", async () => {
    const world = await aLivingWorld();
    world.orderOf = async () => {
      throw new AppError("invalid_input", "there is no secret TOKEN", "job.run.secrets.TOKEN");
    };
    await world.put();
    world.start();
    const { problems } = await world.tick();
    expect(problems).toEqual([
      "j/s: the job can not be run: job.run.secrets.TOKEN: there is no secret TOKEN",
    ]);
    expect(world.started()).toHaveLength(2);
  });
});

it("while the Machines API is away the schedule says so, and nothing is made twice after it", async () => {
  const world = await aLivingWorld();
  world.broken = "503";
  await world.tick();
  expect((await world.flySchedules.find(KEY))?.problem).toBe("503");
  world.broken = null;
  world.start();
  await world.tick();
  expect(await world.flySchedules.find(KEY)).toMatchObject({ problem: null, machineId: "m1" });
  expect(world.machines).toHaveLength(1);
});
