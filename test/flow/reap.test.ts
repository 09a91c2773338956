import { describe, expect, it } from "vitest";
import { machineName } from "../../src/core/id.ts";
import {
  REAP_MAX_DESTROYS,
  REAP_MAX_MACHINES,
  REAP_MAX_MS,
  REAP_UNKNOWN_RUN_AGE_MS,
  RETIRED_APP_SWEPT_MS,
} from "../../src/core/limits.ts";
import type { Machine, MachineState } from "../../src/core/machine.ts";
import { listMachines } from "../../src/flow/list-machines.ts";
import type { Fleet, ListResult } from "../../src/flow/ports/fleet.ts";
import type { ActionResult, LookResult } from "../../src/flow/ports.ts";
import { countUnknown, reap } from "../../src/flow/reap.ts";
import {
  aBootingRun,
  aRunId,
  aStartingRun,
  aSucceededRun,
  followedBy,
  type Story,
  T0,
} from "../support/a-run.ts";
import { MemoryFleetStore } from "../support/memory-fleet-store.ts";
import { MemoryStore } from "../support/memory-store.ts";

const MINUTE = 60_000;

/** Apps of machines that a test changes at will, over stores in memory and a clock that it moves. */
function aWorld(apps = ["app"]) {
  let now = T0;
  const store = new MemoryStore();
  const fleetStore = new MemoryFleetStore(store);
  const destroyed: string[] = [];
  const places = apps.map((app) => {
    const machines = new Map<string, Machine & { ours: boolean }>();
    /** What stands in place of an answer. */
    const answers: { list?: ListResult; look?: LookResult; destroy?: ActionResult } = {};
    const fleet: Fleet = {
      app,
      list: async () => answers.list ?? { kind: "listed", machines: [...machines.values()] },
      look: async (id) => {
        if (answers.look) return answers.look;
        const machine = machines.get(id);
        if (!machine) return { kind: "absent" };
        return machine.ours ? { kind: "found", machine } : { kind: "foreign" };
      },
      destroy: async (id) => {
        destroyed.push(id);
        if (answers.destroy) return answers.destroy;
        return machines.delete(id) ? { kind: "done" } : { kind: "gone" };
      },
    };
    const has = (id: string, name: string, change: Partial<Machine & { ours: boolean }> = {}) => {
      const state: MachineState = "started";
      const machine = { id, name, state, region: "ams", createdAt: T0, events: [], metadata: {}, ours: true };
      machines.set(id, { ...machine, ...change });
    };
    return { fleet, machines, answers, has };
  });
  const fleetOf = (app: string) => {
    const place = places.find(({ fleet }) => fleet.app === app);
    if (place === undefined) throw new Error(`nobody has an app ${app}`);
    return place.fleet;
  };
  const ports = { fleets: apps.map(fleetOf), fleetOf, fleetStore, clock: { now: () => now } };
  const [first] = places;
  if (first === undefined) throw new Error("there is an app");
  return {
    ...first,
    places,
    ports,
    store,
    fleetStore,
    destroyed,
    stored: async (story: Story) => {
      await store.accept(story.state, story.events, null);
      return story.state.run.id;
    },
    sweepAfter: (ms: number) => {
      now += ms;
      return reap(ports);
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const OVER = (() => {
  const story = aSucceededRun();
  return followedBy(story, { type: "machine_released", at: T0 + 3000, attempt: 1, events: [] });
})();
const FORGOTTEN = machineName(OVER.state.run.id, 1);

describe("a machine whose run is over", () => {
  it("is destroyed by the second sweep that finds it, a minute later, and counted", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN);
    expect(await world.sweepAfter(0)).toMatchObject({ known: 0, unknown: 1, reaped: 0 });
    expect(await world.sweepAfter(MINUTE)).toEqual({ known: 0, unknown: 1, reaped: 1, problems: [] });
    expect(world.destroyed).toEqual(["m1"]);
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ unknown: 0, reaped: 0 });
    const { reaped, lastSweepAt } = await listMachines(world.ports);
    expect({ reaped, lastSweepAt }).toEqual({
      reaped: { total: 1, lastDay: 1 },
      lastSweepAt: T0 + 2 * MINUTE,
    });
    world.pass(25 * 60 * MINUTE);
    expect((await listMachines(world.ports)).reaped).toEqual({ total: 1, lastDay: 0 });
  });

  it("is not destroyed by sweeps that overlap, however many", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN);
    await Promise.all([world.sweepAfter(0), world.sweepAfter(100), world.sweepAfter(1000)]);
    await world.sweepAfter(10_000);
    expect(world.destroyed).toEqual([]);
  });

  it("is counted once where two sweeps destroy it", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN);
    await world.sweepAfter(0);
    await Promise.all([world.sweepAfter(MINUTE), world.sweepAfter(0)]);
    expect(world.machines.size).toBe(0);
    expect((await listMachines(world.ports)).reaped.total).toBe(1);
  });

  it("is told to go again where that failed, and counted once it is gone", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN);
    world.answers.destroy = { kind: "failed", error: "the host is away" };
    await world.sweepAfter(0);
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ reaped: 0, problems: ["the host is away"] });
    delete world.answers.destroy;
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ reaped: 1, problems: [] });
    expect(world.destroyed).toEqual(["m1", "m1"]);
  });

  it("is counted by the next sweep where the one that destroyed it did not live to do so", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN);
    await world.sweepAfter(0);
    const record = world.fleetStore.recordReaped;
    world.fleetStore.recordReaped = () => Promise.reject(new Error("the sweep is over"));
    expect((await world.sweepAfter(MINUTE)).problems).toEqual(["app: the sweep is over"]);
    world.fleetStore.recordReaped = record;
    expect(world.machines.size).toBe(0);
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ reaped: 1, problems: [] });
    expect((await listMachines(world.ports)).reaped.total).toBe(1);
  });

  it("is not counted where it ended by itself", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN);
    await world.sweepAfter(0);
    // It is listed still, and gone by its own word.
    world.answers.look = { kind: "absent" };
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ reaped: 0, problems: [] });
    world.machines.clear();
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ reaped: 0, problems: [] });
    expect(world.destroyed).toEqual([]);
  });

  it("is left alone where it does not say itself that this deployment made it", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN, { ours: false });
    await world.sweepAfter(0);
    const { problems } = await world.sweepAfter(MINUTE);
    expect(problems).toEqual(["machine m1 of app is listed as ours and does not say so itself"]);
    expect(world.destroyed).toEqual([]);
  });

  it("is asked for no more once it says that it is another deployment's, as after a change of this one's id, and is in no list", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN);
    world.answers.destroy = { kind: "failed", error: "the host is away" };
    await world.sweepAfter(0);
    await world.sweepAfter(MINUTE);
    world.has("m1", FORGOTTEN, { ours: false });
    world.answers.list = { kind: "listed", machines: [] };
    expect((await world.sweepAfter(MINUTE)).problems).toHaveLength(1);
    expect((await world.sweepAfter(MINUTE)).problems).toEqual([]);
    expect(world.destroyed).toEqual(["m1"]);
  });

  it("waits for the next sweep where it does not answer", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN);
    await world.sweepAfter(0);
    world.answers.look = { kind: "failed", error: "no answer" };
    expect((await world.sweepAfter(MINUTE)).problems).toEqual(["no answer"]);
    expect(world.destroyed).toEqual([]);
    delete world.answers.look;
    await world.sweepAfter(MINUTE);
    expect(world.destroyed).toEqual(["m1"]);
  });
});

describe("a list", () => {
  it("that is empty, or can not be had, destroys and forgets nothing", async () => {
    const world = aWorld();
    const id = await world.stored(aBootingRun());
    world.has("m1", FORGOTTEN);
    world.has("1857156b526dd8", machineName(id, 1));
    await world.stored(OVER);
    await world.sweepAfter(0);
    world.answers.list = { kind: "listed", machines: [] };
    expect(await world.sweepAfter(MINUTE)).toEqual({ known: 0, unknown: 0, reaped: 0, problems: [] });
    world.answers.list = { kind: "failed", error: "answered 500" };
    expect(await world.sweepAfter(MINUTE)).toEqual({
      known: 0,
      unknown: 0,
      reaped: 0,
      problems: ["answered 500"],
    });
    expect(world.destroyed).toEqual([]);
    delete world.answers.list;
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ known: 1, unknown: 1, reaped: 1 });
    expect(world.destroyed).toEqual(["m1"]);
  });

  it("of one app that can not be had keeps no other app from being swept", async () => {
    const world = aWorld(["broken", "app"]);
    await world.stored(OVER);
    world.answers.list = { kind: "failed", error: "no such app" };
    world.places[1]?.has("m1", FORGOTTEN);
    await world.sweepAfter(0);
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ reaped: 1, problems: ["no such app"] });
    await expect(listMachines(world.ports)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(
        "the machines of the app broken can not be had right now: no such app",
      ),
    });
  });

  it("longer than a sweep's bound is gone through by the sweeps after it", async () => {
    const world = aWorld();
    const nobodys = REAP_MAX_MACHINES + 10;
    for (let index = 0; index < nobodys; index++) world.has(`m${String(index).padStart(6, "0")}`, FORGOTTEN);
    await world.stored(OVER);
    expect(await world.sweepAfter(0)).toMatchObject({ unknown: REAP_MAX_MACHINES });
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ unknown: 10 });
    expect(await world.fleetStore.reports()).toMatchObject([{ known: 0, unknown: nobodys }]);
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ unknown: REAP_MAX_MACHINES });
    expect(await world.fleetStore.reports()).toMatchObject([{ known: 0, unknown: nobodys }]);
    expect(new Set(world.destroyed).size).toBe(REAP_MAX_DESTROYS);
    for (let sweeps = 0; world.machines.size > nobodys - 3 * REAP_MAX_DESTROYS; sweeps++) {
      expect(sweeps).toBeLessThan(6);
      await world.sweepAfter(MINUTE);
    }
  });
});

describe("a sweep", () => {
  it("destroys nothing more once it has taken its time", async () => {
    const world = aWorld();
    await world.stored(OVER);
    world.has("m1", FORGOTTEN);
    world.has("m2", FORGOTTEN);
    await world.sweepAfter(0);
    const { look } = world.fleet;
    world.fleet.look = (id) => {
      world.pass(REAP_MAX_MS + 1);
      return look(id);
    };
    await world.sweepAfter(MINUTE);
    expect(world.destroyed).toEqual(["m1"]);
    await world.sweepAfter(MINUTE);
    expect(world.destroyed).toEqual(["m1", "m2"]);
  });

  it("begins with another app each time, so that one that takes all the time keeps no other's machines from going", async () => {
    const world = aWorld(["slow", "app"]);
    const [slow, other] = world.places;
    await world.stored(OVER);
    slow?.has("m1", FORGOTTEN);
    other?.has("m2", FORGOTTEN);
    world.fleet.look = async () => {
      world.pass(REAP_MAX_MS + 1);
      return { kind: "failed", error: "no answer" };
    };
    await world.sweepAfter(0);
    await world.sweepAfter(MINUTE);
    await world.sweepAfter(MINUTE - REAP_MAX_MS - 1);
    expect(world.destroyed).toEqual(["m2"]);
  });

  it("keeps no machine waiting for those that can not be destroyed", async () => {
    const world = aWorld();
    await world.stored(OVER);
    for (let index = 0; index <= REAP_MAX_DESTROYS; index++)
      world.has(`m${String(index).padStart(3, "0")}`, FORGOTTEN);
    world.answers.destroy = { kind: "failed", error: "the host is away" };
    await world.sweepAfter(0);
    await world.sweepAfter(MINUTE);
    delete world.answers.destroy;
    world.destroyed.length = 0;
    await world.sweepAfter(MINUTE);
    expect(world.destroyed).toContain(`m${String(REAP_MAX_DESTROYS).padStart(3, "0")}`);
  });

  it("leaves the machine of a run that is being launched, whose creation nobody has recorded yet", async () => {
    const world = aWorld();
    const id = await world.stored(aStartingRun());
    world.has("fresh", machineName(id, 1));
    for (let sweeps = 0; sweeps < 5; sweeps++)
      expect(await world.sweepAfter(MINUTE)).toMatchObject({ known: 1, unknown: 0 });
    expect(world.destroyed).toEqual([]);
  });

  it("leaves a run's machine while the run is not done with it, and destroys another one of the same attempt", async () => {
    const world = aWorld();
    const id = await world.stored(aSucceededRun());
    world.has("1857156b526dd8", machineName(id, 1));
    world.has("second", machineName(id, 1));
    await world.sweepAfter(0);
    await world.sweepAfter(MINUTE);
    expect(world.destroyed).toEqual(["second"]);
  });

  it("gives a machine of a run that is not stored more time, as the database may be the wrong one", async () => {
    const world = aWorld();
    world.has("m1", machineName(aRunId(), 1));
    for (let at = 0; at < REAP_UNKNOWN_RUN_AGE_MS; at += MINUTE)
      expect(await world.sweepAfter(at === 0 ? 0 : MINUTE)).toMatchObject({ unknown: 1, reaped: 0 });
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ reaped: 1 });
  });

  it("begins to count anew where a machine turned out to be somebody's in between", async () => {
    const world = aWorld();
    const story = aStartingRun();
    const name = machineName(story.state.run.id, 1);
    world.has("m1", name, { createdAt: T0 - 60 * MINUTE });
    await world.sweepAfter(0);
    await world.stored(story);
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ known: 1, unknown: 0 });
    expect((await world.fleetStore.recall("app")).sightings).toEqual([]);
    expect(world.destroyed).toEqual([]);
  });
});

describe("machines that can not be destroyed,", () => {
  const STUBBORN = 40;
  const WAYS: Record<string, (world: ReturnType<typeof aWorld>) => void> = {
    "as the API fails": (world) => {
      const { destroy } = world.fleet;
      world.fleet.destroy = async (id) =>
        id === "z" ? destroy(id) : { kind: "failed", error: "the host is away" };
    },
    "as they say that they are another's": (world) => {
      for (const machine of world.machines.values()) machine.ours = machine.id === "z";
    },
    "as they do not answer": (world) => {
      const { look } = world.fleet;
      world.fleet.look = async (id) => (id === "z" ? look(id) : { kind: "failed", error: "no answer" });
    },
  };
  for (const [why, stand] of Object.entries(WAYS)) {
    it.each([0, 1])(
      `${why} do not keep those of the other app from going, whichever comes first (%i)`,
      async (minutes) => {
        const world = aWorld(["bad", "good"]);
        await world.stored(OVER);
        for (let index = 0; index < STUBBORN; index++)
          world.has(`m${String(index).padStart(3, "0")}`, FORGOTTEN);
        stand(world);
        world.places[1]?.has("good", FORGOTTEN);
        await world.sweepAfter(minutes * MINUTE);
        await world.sweepAfter(MINUTE);
        expect(world.places[1]?.machines.size).toBe(0);
      },
    );

    it(`${why} let the others of their app go first from then on`, async () => {
      const world = aWorld();
      await world.stored(OVER);
      for (let index = 0; index < STUBBORN; index++)
        world.has(`m${String(index).padStart(3, "0")}`, FORGOTTEN);
      world.has("z", FORGOTTEN);
      stand(world);
      await world.sweepAfter(0);
      await world.sweepAfter(MINUTE);
      expect(world.machines.has("z")).toBe(true);
      await world.sweepAfter(MINUTE);
      expect(world.machines.has("z")).toBe(false);
    });
  }
});

describe("an app that the deployment has no more", () => {
  /** A world in which an app with a machine of nobody's was taken out after a sweep. */
  async function aRetiredApp() {
    const world = aWorld(["app", "old"]);
    const [, old] = world.places;
    if (old === undefined) throw new Error("there are two apps");
    await world.stored(OVER);
    old.has("m1", FORGOTTEN);
    await world.sweepAfter(0);
    world.ports.fleets.pop();
    return { ...world, old };
  }

  it("is swept until it has been without machines for a day, and its machines are listed and counted", async () => {
    const world = await aRetiredApp();
    expect(await countUnknown(world.ports)).toBe(1);
    expect((await listMachines(world.ports)).machines).toMatchObject([{ app: "old", machine: { id: "m1" } }]);
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ reaped: 1 });
    expect((await listMachines(world.ports)).reaped.total).toBe(1);
    await world.sweepAfter(MINUTE);
    expect(await countUnknown(world.ports)).toBe(0);
    let lists = 0;
    const { list } = world.old.fleet;
    world.old.fleet.list = () => {
      lists += 1;
      return list();
    };
    await world.sweepAfter(RETIRED_APP_SWEPT_MS - 2 * MINUTE);
    expect(lists).toBe(1);
    await world.sweepAfter(2 * MINUTE);
    expect(lists).toBe(1);
  });

  it("and can not be had is a problem of that sweep, keeps no other app's machines unlisted, and is not counted for ever", async () => {
    const world = await aRetiredApp();
    world.old.answers.list = { kind: "failed", error: "no such app" };
    expect(await world.sweepAfter(MINUTE)).toMatchObject({ problems: ["no such app"] });
    expect((await listMachines(world.ports)).machines).toEqual([]);
    expect(await countUnknown(world.ports)).toBe(1);
    expect(await world.sweepAfter(RETIRED_APP_SWEPT_MS)).toMatchObject({ problems: [] });
    expect(await countUnknown(world.ports)).toBe(0);
  });
});
