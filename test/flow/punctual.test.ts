import { describe, expect, it } from "vitest";
import { CREATE_WORD_HEARD_MS, PUNCTUAL_AWAKE_MS } from "../../src/core/limits.ts";
import type { Machine, MachineConfig } from "../../src/core/machine.ts";
import { callAhead } from "../../src/flow/call-ahead.ts";
import type { Machines, StartResult } from "../../src/flow/ports.ts";
import { aSchedule } from "../contracts/schedule-store-contract.ts";
import { aRunAhead, followedBy, type Story, T0 } from "../support/a-run.ts";
import { NAME, world } from "../support/flow-world.ts";
import { ScheduleWorld } from "../support/schedule-world.ts";

const START = T0 + 20_000;
const created = {
  type: "machine_created" as const,
  at: T0 + 10,
  attempt: 1,
  machineId: NAME,
  region: null,
  adopted: false,
};

/** One Machine, as it is on Fly: `created` while its image is prepared, `stopped` until it is started. */
class Host {
  readonly configs: MachineConfig[] = [];
  /** When its start was asked for. */
  readonly starts: number[] = [];
  now: () => number = () => T0;
  readyAt = T0 + 9000;
  startedAt: number | null = null;
  goneAt = Number.POSITIVE_INFINITY;
  /** Whether it is still known once it is gone. */
  isRemembered = false;
  /** What calls to start are answered, one after the other; then that it is done. */
  answers: { result: StartResult; arrives: boolean }[] = [];

  look(): Machine | null {
    const now = this.now();
    const isGone = now >= this.goneAt;
    if (isGone && !this.isRemembered) return null;
    const state = isGone
      ? "destroyed"
      : this.startedAt !== null
        ? "started"
        : now < this.readyAt
          ? "created"
          : "stopped";
    const start = { type: "start", status: "started", source: "user", at: this.startedAt ?? 0, exit: null };
    const launch = { type: "launch", status: "created", source: "user", at: T0, exit: null };
    const events = [...(this.startedAt === null ? [] : [start]), launch];
    return { id: NAME, name: NAME, state, region: null, createdAt: T0, events, metadata: {} };
  }

  machines: Partial<Machines> = {
    create: async (_name, config) => {
      this.configs.push(config);
      return { kind: "created", machine: this.look() as Machine };
    },
    get: async () => {
      const machine = this.look();
      return machine === null ? { kind: "absent" } : { kind: "found", machine };
    },
    find: async () => ({ kind: "absent" }),
    wait: async (_id, state) => {
      const is = this.look()?.state ?? "destroyed";
      if (is === state) return { kind: "reached" };
      return is === "destroyed" ? { kind: "gone" } : { kind: "not_yet" };
    },
    start: async () => {
      this.starts.push(this.now());
      const { result, arrives } = this.answers.shift() ?? { result: { kind: "done" }, arrives: true };
      if (arrives && this.look()?.state === "stopped") this.startedAt = this.now();
      return result;
    },
    destroy: async () => {
      this.goneAt = Math.min(this.goneAt, this.now());
      return { kind: "done" };
    },
  };
}

function hosted(story: Story, nowMs: number, change: (host: Host) => void = () => {}, neverAsked = false) {
  const host = new Host();
  change(host);
  const run = world(story, nowMs, host.machines, neverAsked);
  host.now = run.now;
  const types = () => run.events().map(({ type }) => type);
  return { ...run, host, types, started: () => run.state().attempts.at(-1)?.startedAt != null };
}

const waiting = () => followedBy(aRunAhead(START), created);
const taken = () => followedBy(waiting(), { type: "machine_ready", at: START - 1500, attempt: 1 });

describe("a machine that is made ahead", () => {
  it("is started at its time, and not before", async () => {
    const { until, host, started, types, events, now } = hosted(aRunAhead(START), T0, undefined, true);
    await until(started);
    expect(host.configs).toMatchObject([{ startsAt: START }]);
    expect(host.starts).toEqual([START]);
    expect(now()).toBe(START);
    expect(types()).toEqual(["machine_created", "machine_ready", "machine_started"]);
    expect(events()[1]?.at).toBe(START - PUNCTUAL_AWAKE_MS);
  });

  it("that is not ready by then starts as soon as it is", async () => {
    const late = START + 7000;
    const { until, host, started } = hosted(waiting(), T0 + 20, (it) => {
      it.readyAt = late;
    });
    await until(started);
    expect(host.starts).toHaveLength(1);
    expect(host.starts[0]).toBeGreaterThanOrEqual(late);
    expect(host.starts[0]).toBeLessThan(late + 31_000);
  });

  it("is never started once its run is asked to cancel", async () => {
    const { until, host, ports, drive, released, state } = hosted(waiting(), START - 3000);
    await until(() => drive.isReady);
    await ports.store.record(state(), [{ type: "cancel_requested", at: START - 2500 }], []);
    await drive.reload(ports);
    await until(released);
    expect([host.starts, state().run.status]).toEqual([[], "cancelled"]);
    expect(host.goneAt).toBeLessThan(START);
  });

  it("is never started where its due time was taken back, and the run says why", async () => {
    for (const nowMs of [T0 + 20, START - 1000, START + 1000]) {
      const { until, host, ports, released, state } = hosted(waiting(), nowMs);
      ports.store.isStillDue = async () => false;
      await until(released);
      expect([host.starts, state().run.status, state().run.reason]).toEqual([
        [],
        "cancelled",
        "cancelled_by_user",
      ]);
      expect(state().run.detail).toContain("paused or changed before its time");
    }
  });

  it("is asked for its start once, where the answer is lost and the start is not", async () => {
    const { until, host, started } = hosted(waiting(), START - 1000, (it) => {
      it.answers = [{ result: { kind: "uncertain", error: "504" }, arrives: true }];
    });
    await until(started);
    expect(host.starts).toEqual([START]);
  });

  it("is asked again where the start was lost, once that is sure", async () => {
    const { until, host, started } = hosted(waiting(), START - 1000, (it) => {
      it.answers = [{ result: { kind: "uncertain", error: "504" }, arrives: false }];
    });
    await until(started);
    expect(host.starts).toEqual([START, START + CREATE_WORD_HEARD_MS]);
  });

  it("that says that it can not be started now is asked again", async () => {
    const { until, host, started } = hosted(waiting(), START - 1000, (it) => {
      it.answers = [{ result: { kind: "not_now", error: "412 machine still active" }, arrives: false }];
    });
    await until(started);
    expect(host.starts).toHaveLength(2);
    expect((host.starts[1] ?? 0) - START).toBeLessThanOrEqual(500);
  });

  it("whose host has no room any more is followed by another attempt, which starts at once", async () => {
    const { until, host, state } = hosted(waiting(), START - 1000, (it) => {
      it.answers = [{ result: { kind: "no_capacity", error: "409 insufficient CPUs" }, arrives: false }];
    });
    await until(() => state().attempts.length === 2);
    expect(state().attempts[0]?.reason).toBe("no_capacity");
    expect("startsAt" in (state().attempts[1]?.machineConfig ?? {})).toBe(false);
    expect(host.starts).toHaveLength(1);
  });

  it.each([false, true])(
    "that is lost while it waits is followed by another at its time (known: %s)",
    async (isKnown) => {
      const { until, now, state } = hosted(waiting(), T0 + 20, (it) => {
        it.goneAt = T0 + 10_000;
        it.isRemembered = isKnown;
      });
      await until(() => state().attempts.length === 2);
      expect(state().attempts[0]?.reason).toBe("machine_lost");
      expect(now()).toBeGreaterThanOrEqual(START);
      expect("startsAt" in (state().attempts[1]?.machineConfig ?? {})).toBe(false);
    },
  );
});

describe("whoever takes over from a driver that was about to start the machine", () => {
  it("looks once that one's call must have arrived, and does not ask again", async () => {
    const { until, host, started, state } = hosted(taken(), START + 300, (it) => {
      it.startedAt = START + 100;
    });
    await until(started);
    expect([host.starts, state().attempts[0]?.startedAt]).toEqual([[], START + 100]);
  });

  it("asks where it did not", async () => {
    const { until, host, started } = hosted(taken(), START + 300);
    await until(started);
    expect(host.starts).toEqual([START + 300 + CREATE_WORD_HEARD_MS]);
  });

  it("leaves it its due time where that one's call did arrive, whatever became of the schedule since", async () => {
    const { until, host, ports, started, state } = hosted(taken(), START + 300, (it) => {
      it.startedAt = START + 100;
    });
    ports.store.isStillDue = async () => false;
    await until(started);
    expect([host.starts, state().run.status]).toEqual([[], "running"]);
  });

  it("takes its due time back where it did not, and starts nothing", async () => {
    const { until, host, ports, released, state, now } = hosted(taken(), START + 300);
    ports.store.isStillDue = async () => false;
    await until(released);
    expect([host.starts, state().run.status]).toEqual([[], "cancelled"]);
    expect(now()).toBeGreaterThanOrEqual(START + 300 + CREATE_WORD_HEARD_MS);
  });

  it("before anybody was about to starts it at its time, like every other", async () => {
    const { until, host, started } = hosted(waiting(), START - 500);
    await until(started);
    expect(host.starts).toEqual([START]);
  });

  it("of two that are awake one starts it", async () => {
    const first = hosted(waiting(), START - 1000);
    await first.until(() => first.drive.isStarter);
    await first.ports.store.record(
      first.state(),
      [{ type: "machine_ready", at: START - 900, attempt: 1 }],
      [],
    );
    await first.drive.reload(first.ports);
    expect(first.drive.isStarter).toBe(false);
    await first.until(first.started);
    expect(first.host.starts).toHaveLength(1);
    expect(first.host.starts[0]).toBeGreaterThanOrEqual(START + CREATE_WORD_HEARD_MS);
  });
});

describe("a punctual schedule", () => {
  const KEY = { orgId: "default", job: "j", name: "s" };
  const DUE = T0 + 60_000;
  const aWorld = async (change: Parameters<typeof aSchedule>[0] = {}) => {
    const it = new ScheduleWorld();
    await it.put("j", [aSchedule({ punctual: true, ...change })]);
    await it.tick();
    return it;
  };

  it("has its run accepted ahead, for its due time, and its machine planned to wait", async () => {
    const it = await aWorld({ overlap: "skip" });
    await it.until(DUE - 20_001);
    expect(it.runs()).toEqual([]);
    await it.until(DUE - 20_000);
    const [run] = it.runs();
    expect(run?.run).toMatchObject({
      acceptedAt: DUE - 20_000,
      firing: { dueAt: DUE, ahead: { startsAt: DUE } },
    });
    expect(run?.attempts[0]?.machineConfig.startsAt).toBe(DUE);
    expect(it.schedules.of(KEY)[0]).toMatchObject({ outcome: "ran", startAt: DUE, runId: run?.run.id });
    await it.until(DUE + 1000);
    expect(it.runs()).toHaveLength(1);
  });

  it("starts with its jitter", async () => {
    const it = await aWorld({ jitterMs: 10_000 });
    await it.until(DUE + 10_000);
    const [run] = it.runs();
    const startsAt = run?.run.firing?.ahead?.startsAt ?? 0;
    expect(startsAt).toBeGreaterThan(DUE);
    expect(run?.run.acceptedAt).toBe(startsAt - 20_000);
  });

  it("is decided at its time where the previous run is still at work ahead of it", async () => {
    for (const overlap of ["skip", "queue", "cancel_running"] as const) {
      const it = await aWorld({ overlap });
      await it.until(DUE);
      await it.tick();
      await it.until(DUE + 60_000 - 1);
      expect(it.runs(), overlap).toHaveLength(1);
      expect(it.schedules.of(KEY)[1], overlap).toMatchObject({ outcome: "armed", startAt: DUE + 60_000 });
      const ends = overlap === "skip";
      if (ends) await it.end(it.runs()[0]?.run.id ?? "");
      await it.until(DUE + 60_000);
      expect(it.schedules.of(KEY)[1], overlap).toMatchObject({ outcome: "ran" });
      const second = it.runs().find(({ run }) => run.firing?.dueAt === DUE + 60_000);
      expect(second?.run.firing?.ahead, overlap).toBeUndefined();
      expect(second?.attempts.length, overlap).toBe(ends ? 1 : 0);
    }
  });

  it("is decided at its time where its job has a delay of its own", async () => {
    const it = await aWorld();
    const { orderOf } = it;
    it.orderOf = async (...job) => {
      const order = await orderOf(...job);
      return { ...order, spec: { ...order.spec, delayMs: 1000 } };
    };
    await it.until(DUE - 1);
    expect(it.runs()).toEqual([]);
    await it.until(DUE);
    expect(it.runs()[0]?.run.firing?.ahead).toBeUndefined();
  });

  it("that is paused ahead of its time takes its due time back, and its timekeeper decides it then", async () => {
    const it = await aWorld();
    await it.until(DUE - 15_000);
    const run = it.runs()[0]?.run;
    await it.schedules.pause(KEY, it.now, true);
    const called: string[] = [];
    const drivers = { nudge: async (runId: string) => void called.push(runId) };
    await callAhead({ ...it.ports, drivers }, await it.schedules.ofJob("default", "j"));
    expect(called).toEqual([run?.id]);
    expect(run && (await it.store.isStillDue(run))).toBe(false);
    await it.until(DUE);
    expect(it.ledger(KEY)).toEqual(["1:paused"]);
  });

  it.each([
    ["not due any more, is not run and has no row", 3_600_000, []],
    ["due by the new rule, too, is run at its time", 30_000, ["1:ran"]],
  ])("whose rule is changed ahead of a due time: one that is %s", async (_what, everyMs, ledger) => {
    const it = await aWorld();
    await it.until(DUE - 15_000);
    const run = it.runs()[0]?.run;
    await it.put("j", [aSchedule({ punctual: true, rule: { kind: "every", everyMs } })]);
    expect(run && (await it.store.isStillDue(run))).toBe(false);
    await it.until(DUE);
    expect(it.ledger(KEY)).toEqual(ledger);
    expect(it.runs()).toHaveLength(1 + ledger.length);
  });

  it("that goes on before its time runs it then all the same", async () => {
    const it = await aWorld();
    await it.until(DUE - 15_000);
    await it.schedules.pause(KEY, it.now, true);
    await it.schedules.pause(KEY, it.now + 100, false);
    const run = it.runs()[0]?.run;
    expect(run && (await it.store.isStillDue(run))).toBe(false);
    await it.until(DUE);
    expect(it.ledger(KEY)).toEqual(["1:ran"]);
    expect(it.runs().map(({ run: { firing } }) => firing?.ahead?.startsAt)).toEqual([DUE, undefined]);
  });
});
