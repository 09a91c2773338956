import { describe, expect, it } from "vitest";
import { waitingBody } from "../../src/api/waiting-body.ts";
import { CREATE_LOOKUP_PAUSE_MS, LAUNCH_LATE_MS, NEVER_ASKED_BEFORE_MS } from "../../src/core/limits.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { Drive } from "../../src/flow/drive.ts";
import { advance } from "../../src/flow/flow.ts";
import type { LaunchSettings } from "../../src/flow/launches.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { CreateResult, Machines } from "../../src/flow/ports.ts";
import { submit } from "../../src/flow/submit.ts";
import { aQueuedRun, aRunId, aRunningRun, aSpec, aStartingRun, followedBy, T0 } from "../support/a-run.ts";
import { aMachine, exitCode, world } from "../support/flow-world.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { runnerReply } from "../support/runner-reply.ts";

const PACED: LaunchSettings = { apps: ["a", "b"], perSecond: 1 };
const TOO_MANY: CreateResult = { kind: "later", error: "429", tooMany: true };
const DUE_MS = 60_000;

/** A run that waits a minute for its launch in app a. */
const waitingRun = (spec = {}) => aStartingRun(spec, { app: "a", at: T0 + DUE_MS });

/** Machines that are made as told, and whose command ends at once. */
function machinesThat(answers: CreateResult[] = []): Partial<Machines> {
  return {
    create: async () => answers.shift() ?? { kind: "created", machine: aMachine("created") },
    find: async () => ({ kind: "absent" }),
    wait: async () => ({ kind: "reached" }),
    exec: async () => ({
      kind: "ran",
      exitCode: 0,
      stdout: runnerReply({ stdoutSize: 0, stdout: "", code: 0 }),
      stderr: "",
    }),
    signal: async () => ({ kind: "done" }),
    get: async () => ({ kind: "found", machine: aMachine("destroyed", exitCode(0)) }),
  };
}

describe("a run whose app takes no create yet", () => {
  it("says until when it waits, rests until shortly before, and asks then and not earlier", async () => {
    const asked: number[] = [];
    const told = machinesThat();
    const create: Machines["create"] = async (...args) => {
      asked.push(now());
      return told.create?.(...args) ?? TOO_MANY;
    };
    const { until, final, state, now, ports, drive, calls } = world(
      waitingRun(),
      T0 + 10,
      { ...told, create },
      true,
      PACED,
    );
    expect(waitingBody(state().run, null)).toMatchObject({
      for: "launch",
      until: new Date(T0 + DUE_MS).toISOString(),
    });
    expect(await advance(ports, drive)).toEqual({ pauseMs: DUE_MS - 10 });
    await until(final);
    expect(asked).toEqual([T0 + DUE_MS]);
    expect(waitingBody(state().run, null)).toBeNull();
    expect(state().run.status).toBe("succeeded");
    expect(calls).not.toContain("find");
  });

  it("is cancelled at once, with no look for a machine, by whichever driver", async () => {
    const asked = followedBy(waitingRun(), { type: "cancel_requested", at: T0 + 3000 });
    const { until, released, state, calls } = world(asked, T0 + 3010, {}, false, PACED);
    await until(released);
    expect(calls).toEqual([]);
    expect(state().run).toMatchObject({ status: "cancelled", output: { complete: true } });
  });

  it("ends at its queue limit where that comes first", async () => {
    const spec = { timeouts: { ...aSpec().timeouts, queueMs: 30_000 } };
    const { until, final, state, now } = world(waitingRun(spec), T0 + 10, {}, true, PACED);
    await until(final);
    expect(state().run).toMatchObject({ reason: "timed_out", limit: "queue" });
    expect(now()).toBe(T0 + 30_000);
  });

  it("does not wait for a time that was stored by a clock far ahead", async () => {
    const { until, final, state } = world(waitingRun(), T0 - 3_600_000, machinesThat(), true, PACED);
    await until(final);
    expect(state().run.status).toBe("succeeded");
  });
});

describe("a driver that comes to a run whose launch is due", () => {
  it("says first that it asks, and then asks without a look, though it knows of the run from the store alone", async () => {
    const { until, final, state, events, calls } = world(
      waitingRun(),
      T0 + DUE_MS,
      machinesThat(),
      false,
      PACED,
    );
    await until(final);
    expect(events()[0]).toMatchObject({ type: "launch_taken", app: "a", mayBeAsked: true });
    expect(calls[0]).toBe("create");
    expect(state().attempts[0]?.createdAt).toBe(T0 + DUE_MS);
  });

  it("looks for the machine first where another one has said so, be it by a moment", async () => {
    const { ports, drive, state, calls, until, events } = world(
      waitingRun(),
      T0 + DUE_MS,
      machinesThat(),
      true,
      PACED,
    );
    const other = new Drive(state(), false);
    await advance(ports, other);
    expect(other.neverAsked).toBe(true);
    await advance(ports, drive);
    expect(drive.neverAsked).toBe(false);
    expect(calls).toEqual([]);
    await until(() => state().attempts[0]?.machineId != null);
    // The other one has its time to ask before this one takes its word from it.
    expect(calls.slice(0, 4)).toEqual(["find", "find", "find", "create"]);
    // The looks take longer than a launch may be late, and must not cost it for ever: its own word is of the same launch.
    expect(events().filter(({ type }) => type === "launch_taken")).toMatchObject([
      { launchAt: T0 + DUE_MS },
      { launchAt: T0 + DUE_MS },
    ]);
  });

  it("looks for it first where its word was stored late, too", async () => {
    const told = world(waitingRun(), T0 + DUE_MS, machinesThat(), true, PACED);
    let lateMs = 0;
    const { store } = told.ports;
    const record: typeof store.record = async (...args) => {
      lateMs = NEVER_ASKED_BEFORE_MS;
      return store.record(...args);
    };
    const slow = {
      ...told.ports,
      store: Object.create(store, { record: { value: record } }) as typeof store,
      clock: { now: () => told.now() + lateMs },
    };
    const drive = new Drive(told.state(), true);
    await advance(slow, drive);
    expect(drive.neverAsked).toBe(false);
  });

  it("hears of the other one when it is told to look, but not of a wish to cancel as of another", async () => {
    const taken = world(waitingRun(), T0 + DUE_MS, {}, true, PACED);
    await advance(taken.ports, new Drive(taken.state(), false));
    await taken.drive.reload(taken.ports);
    expect(taken.drive.neverAsked).toBe(false);
    const cancelled = world(aStartingRun(), T0 + 10, {}, true, PACED);
    const wish = { type: "cancel_requested" as const, at: T0 + 10 };
    await cancelled.ports.store.record(cancelled.state(), [wish], []);
    await cancelled.drive.reload(cancelled.ports);
    expect(cancelled.drive.neverAsked).toBe(true);
  });

  it("looks at the run again before it asks where a moment has passed since it knew it", async () => {
    const { ports, drive, until, calls, state } = world(aStartingRun(), T0 + 2000, machinesThat(), true);
    await ports.store.record(
      state(),
      [
        {
          type: "machine_created",
          at: T0 + 1500,
          attempt: 1,
          machineId: "made by another",
          region: null,
          adopted: false,
        },
      ],
      [],
    );
    await advance(ports, drive);
    expect(calls).toEqual([]);
    await until(() => state().run.settledAt !== null);
    expect(calls).not.toContain("create");
  });
});

describe("after an outage", () => {
  const LATE = T0 + DUE_MS + LAUNCH_LATE_MS + 1;

  it("a run that nobody has asked for takes another launch, in any app and without a look", async () => {
    const { until, state, events, calls, now, ports } = world(
      waitingRun(),
      LATE,
      machinesThat(),
      false,
      PACED,
    );
    // Others have come back before it.
    for (let times = 0; times < 8; times++) await ports.launches.take(now(), { machineName: "" });
    await until(() => state().attempts[0]?.machineId != null);
    expect(events()[0]).toMatchObject({ type: "launch_taken", launchAt: LATE + 3000, mayBeAsked: false });
    expect(events()[1]).toMatchObject({ type: "launch_taken", mayBeAsked: true });
    expect(calls[0]).toBe("create");
    expect(state().attempts[0]?.createdAt).toBe(LATE + 3000);
  });

  it("one that somebody may have asked for is looked for, takes it in its own app, and is looked for again", async () => {
    const { until, state, events, calls, ports, now } = world(
      aStartingRun({}, { app: "b", at: T0 }),
      LATE,
      machinesThat(),
      false,
      PACED,
    );
    for (let times = 0; times < 4; times++)
      await ports.launches.take(now(), { machineName: "", onlyIn: "b" });
    await until(() => state().attempts[0]?.machineId != null);
    expect(events()[0]).toMatchObject({
      type: "launch_taken",
      app: "b",
      launchAt: LATE + 3000,
      mayBeAsked: true,
    });
    expect(calls.slice(0, 4)).toEqual(["find", "find", "find", "create"]);
  });

  it.each([
    [CREATE_LOOKUP_PAUSE_MS + 100, 0, 2],
    [25_000, 0, 2],
    [CREATE_LOOKUP_PAUSE_MS + 100, LAUNCH_LATE_MS + 1, 3],
    [25_000, LAUNCH_LATE_MS + 1, 3],
  ])(
    "lists that take %i ms make no launch late that is come to %i ms after its time",
    async (listMs, behindMs, looks) => {
      let lateMs = 0;
      const slow: Partial<Machines> = {
        find: async () => {
          lateMs += listMs;
          return { kind: "absent" };
        },
      };
      const told = world(
        aStartingRun({ timeouts: { ...aSpec().timeouts, queueMs: 3_600_000 } }, { app: "a", at: T0 }),
        T0 + behindMs,
        { ...machinesThat(), ...slow },
        false,
        PACED,
      );
      told.ports.clock = { now: () => told.now() + lateMs };
      await told.until(() => told.state().attempts[0]?.machineId != null);
      const taken = told.events().flatMap((event) => (event.type === "launch_taken" ? [event.launchAt] : []));
      expect(taken).toHaveLength(1);
      expect(taken[0] === T0).toBe(behindMs === 0);
      expect(told.calls.slice(0, looks + 1)).toEqual([...Array(looks).fill("find"), "create"]);
    },
  );

  it("no launch is taken again and again as long as nobody says whether the machine is there", async () => {
    const silent: Partial<Machines> = { find: async () => ({ kind: "failed", error: "503" }) };
    const story = aStartingRun({}, { app: "a", at: T0 });
    const { ports, drive, events, calls } = world(story, LATE, silent, false, PACED);
    for (let step = 0; step < 10; step++) await advance(ports, drive);
    expect(calls).toHaveLength(10);
    expect(events()).toEqual([]);
  });
});

describe("a machine that an ask before has made", () => {
  const MANY = 900;

  for (const [how, story, now, isMine] of [
    ["its create was uncertain", aStartingRun({}, { app: "a", at: T0 }), T0 + 10, true],
    ["its driver died after the create", aStartingRun({}, { app: "a", at: T0 }), T0 + DUE_MS, false],
  ] as const)
    it(`is found within seconds where ${how}, however many wait for its app`, async () => {
      let isMade = !isMine;
      const uncertain: Machines["create"] = async () => {
        isMade = true;
        return { kind: "uncertain", error: "408" };
      };
      const find: Machines["find"] = async () =>
        isMade ? { kind: "found", machine: aMachine("started") } : { kind: "absent" };
      const told = world(story, now, { create: uncertain, find }, isMine, PACED);
      for (let times = 0; times < MANY; times++)
        await told.ports.launches.take(now, { machineName: "", onlyIn: "a" });
      await told.until(() => told.state().attempts[0]?.machineId != null);
      expect(told.now() - now).toBeLessThanOrEqual(CREATE_LOOKUP_PAUSE_MS);
      expect(told.events().map(({ type }) => type)).not.toContain("launch_taken");
    });
});

describe("a create that is one too many all the same", () => {
  it("is asked for again with a launch of its own in that app, where somebody else may have asked with success meanwhile", async () => {
    const { until, final, events, appsAsked, state, calls } = world(
      aStartingRun({}, { app: "a", at: T0 }),
      T0 + 10,
      machinesThat([TOO_MANY]),
      true,
      PACED,
    );
    await until(final);
    expect(state().run.status).toBe("succeeded");
    expect(events()[0]).toMatchObject({ type: "launch_taken", app: "a", mayBeAsked: true });
    expect(events()[0]?.at).toBeLessThan(state().attempts[0]?.createAskedAt ?? 0);
    expect(new Set(appsAsked)).toEqual(new Set(["a"]));
    expect(calls.slice(0, 4)).toEqual(["create", "find", "find", "create"]);
  });

  it("puts off what is launched in that app next", async () => {
    const { ports, drive, now } = world(
      aStartingRun({}, { app: "a", at: T0 }),
      T0 + 10,
      machinesThat([TOO_MANY]),
      true,
      PACED,
    );
    await advance(ports, drive);
    expect(await ports.launches.take(now(), { machineName: "", onlyIn: "a" })).toMatchObject({
      app: "a",
      at: T0 + 10 + 1000,
    });
  });

  it("stays in its app where an ask before it may have made a machine there", async () => {
    const answers: CreateResult[] = [{ kind: "uncertain", error: "504" }, TOO_MANY];
    const { until, final, appsAsked, state, calls } = world(
      aStartingRun({}, { app: "a", at: T0 }),
      T0 + 10,
      machinesThat(answers),
      true,
      PACED,
    );
    await until(final);
    expect(state().run.status).toBe("succeeded");
    expect(new Set(appsAsked)).toEqual(new Set(["a"]));
    expect(calls.filter((call) => call === "create")).toHaveLength(3);
  });

  it("is repeated after a pause alone where nothing is paced, with nothing stored", async () => {
    const { until, final, events } = world(
      aStartingRun(),
      T0 + 10,
      machinesThat([TOO_MANY, TOO_MANY]),
      true,
      { apps: ["a"], perSecond: 0 },
    );
    await until(final);
    expect(events().map(({ type }) => type)).not.toContain("launch_taken");
  });
});

describe("the apps of a deployment", () => {
  it("are left alone by an attempt that is in another one, which was taken out of the list", async () => {
    const planned = aQueuedRun();
    const story = followedBy(planned, planAttempt(planned.state, null, T0, { app: "gone", at: T0 }), {
      type: "machine_created",
      at: T0 + 10,
      attempt: 1,
      machineId: "m",
      region: null,
      adopted: false,
    });
    const { until, released, appsAsked } = world(story, T0 + 20, machinesThat(), false, PACED);
    await until(released);
    expect(new Set(appsAsked)).toEqual(new Set(["gone"]));
  });

  it("share out submissions as their turns come", async () => {
    const store = new MemoryStore();
    const ports = {
      store,
      drivers: { start: async () => {} } as never,
      clock: { now: () => T0 },
      ids: { runId: () => aRunId() },
      launches: launchesOver(store, PACED),
      defaultRegion: null,
      organizationLimit: null,
    };
    const submitted = [];
    for (let times = 0; times < 6; times++)
      submitted.push(await submit(ports, { orgId: "default", spec: aSpec(), originId: null, key: null }));
    expect(
      submitted.map(({ state }) => [state.attempts[0]?.app, (state.attempts[0]?.createAskedAt ?? 0) - T0]),
    ).toEqual([
      ["a", 0],
      ["b", 0],
      ["a", 0],
      ["b", 0],
      ["a", 1000],
      ["b", 1000],
    ]);
  });

  it("give a repeated order no second turn", async () => {
    const store = new MemoryStore();
    const ports = {
      store,
      drivers: { start: async () => {} } as never,
      clock: { now: () => T0 },
      ids: { runId: () => aRunId() },
      launches: launchesOver(store, { apps: ["a"], perSecond: 1 }),
      defaultRegion: null,
      organizationLimit: null,
    };
    const order = (key: string) =>
      submit(ports, { orgId: "default", spec: aSpec(), originId: null, key: { key, bodyHash: key } });
    for (let times = 0; times < 10; times++) await order("same");
    const { state } = await order("another");
    expect(state.attempts[0]?.createAskedAt).toBe(T0);
  });

  it("take a retry's machine in whichever is free, at its turn", async () => {
    const spec = { regions: ["ams", "fra"] };
    const noRoom: CreateResult = { kind: "refused", reason: "no_capacity", error: "no host" };
    const { until, final, appsAsked, state } = world(
      aStartingRun(spec, { app: "b", at: T0 }),
      T0 + 10,
      machinesThat([noRoom]),
      true,
      PACED,
    );
    await until(final);
    expect(state().attempts.map(({ app }) => app)).toEqual(["b", "a"]);
    expect(appsAsked).toContain("a");
  });

  it("are the first one for attempts of before there were several", async () => {
    const { until, released, appsAsked } = world(aRunningRun(), T0 + 2000, machinesThat(), false, PACED);
    await until(released);
    expect(new Set(appsAsked)).toEqual(new Set([null]));
    const launches = launchesOver(new MemoryStore(), PACED);
    expect((await launches.take(T0, { machineName: "", onlyIn: null }))?.app).toBe("a");
  });

  it("are all used where nothing is counted, but for the attempts of before, which are in the first", async () => {
    const launches = launchesOver(new MemoryStore(), { apps: ["a", "b", "c"], perSecond: 0 });
    const apps = new Set<string | undefined>();
    const firsts = new Set<string | undefined>();
    for (let number = 0; number < 50; number++) {
      const machineName = aRunId();
      apps.add((await launches.take(T0, { machineName }))?.app);
      firsts.add((await launches.take(T0, { machineName, onlyIn: null }))?.app);
    }
    expect(apps.size).toBe(3);
    expect(firsts).toEqual(new Set(["a"]));
  });
});
