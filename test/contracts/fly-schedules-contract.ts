/** What every store of schedules' Machines keeps, with the stores of jobs, schedules, runs and fleets beside it. */

import { describe, expect, it } from "vitest";
import { acceptRun, applyEvents } from "../../src/core/lifecycle.ts";
import { attemptOfStart } from "../../src/core/plan.ts";
import { flyMachineName, flyOrder } from "../../src/core/schedule/fly-machine.ts";
import { placeOf } from "../../src/core/schedule/side-by-side.ts";
import type { ScheduleKey } from "../../src/core/schedule/spec.ts";
import type { FleetStore } from "../../src/flow/ports/fleet.ts";
import type { FlyMachine, FlyPair, FlyScheduleStore } from "../../src/flow/ports/fly-schedules.ts";
import type { JobStore } from "../../src/flow/ports/jobs.ts";
import type { ScheduleStore } from "../../src/flow/ports/schedules.ts";
import type { Store } from "../../src/flow/ports.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";
import { aSchedule } from "./schedule-store-contract.ts";

const ORG = "default";
const onFly = (name: string) => aSchedule({ name, rule: { kind: "fly", period: "hourly" } });

export function aFlyMachine(key: ScheduleKey, change: Partial<FlyMachine> = {}): FlyMachine {
  const job = { name: key.job, version: 1, input: "{}" };
  return {
    ...{ orgId: key.orgId, job: key.job, name: key.name },
    app: "mayfly-tests",
    machineName: flyMachineName(key),
    machineId: null,
    order: flyOrder(key, "hourly", { spec: aSpec(), job }, null),
    next: null,
    seenTo: 0,
    askedAt: T0,
    failures: 0,
    problem: null,
    revision: 1,
    ...change,
  };
}

interface Stores {
  flySchedules: FlyScheduleStore;
  schedules: ScheduleStore;
  jobs: JobStore;
  store: Store;
  fleetStore: FleetStore;
}

/** Holds stores, which have no other schedules of `on: fly`, to the contract. */
export function holdsTheFlySchedulesContract(stores: Stores): void {
  const { flySchedules, schedules, jobs, store, fleetStore } = stores;
  const keyOf = (job: string, name = "s"): ScheduleKey => ({ orgId: ORG, job, name });
  const put = async (job: string, names: string[]) => {
    const next = { version: 1, definition: { run: {} }, change: { kind: "put" as const }, createdAt: T0 };
    await jobs.put(ORG, job, null, next, [aSchedule({ name: "other" }), ...names.map(onFly)]);
  };
  const shown = ({ schedule, machine }: FlyPair) =>
    [schedule, machine].map((one) => (one === null ? "-" : `${one.job}/${one.name}`)).join(" ");

  describe("the Machine of a schedule", () => {
    it("is added once, and of two who change it at once one does", async () => {
      const machine = aFlyMachine(keyOf("once"));
      expect(await Promise.all([flySchedules.add(machine), flySchedules.add(machine)])).toEqual([
        true,
        false,
      ]);
      expect(await flySchedules.find(machine)).toEqual(machine);
      const { order } = machine;
      const changed = await flySchedules.change(machine, { machineId: "m1", next: order, problem: "p" });
      expect(changed).toEqual({ ...machine, machineId: "m1", next: order, problem: "p", revision: 2 });
      expect(await flySchedules.change(machine, { machineId: "m2" })).toBeNull();
      await flySchedules.remove(machine);
      expect(await flySchedules.find(machine)).toEqual(changed);
      await flySchedules.remove(changed ?? machine);
      expect(await flySchedules.find(machine)).toBeNull();
    });

    it("is known by its name to the sweep over machines", async () => {
      const one = aFlyMachine(keyOf("swept", "one"));
      const two = aFlyMachine(keyOf("swept", "two"), { machineId: "m2" });
      for (const machine of [one, two]) await flySchedules.add(machine);
      const names = [one.machineName, two.machineName, flyMachineName(keyOf("swept", "none"))];
      expect(await fleetStore.scheduled(names)).toEqual(
        new Map([
          [one.machineName, null],
          [two.machineName, "m2"],
        ]),
      );
      for (const machine of [one, two]) await flySchedules.remove(machine);
    });
  });

  it("pages have each schedule of Fly's and each Machine, side by side, in order, and no other schedule", async () => {
    await put("p1", ["a", "b"]);
    await put("p3", ["a"]);
    const keys = [keyOf("p1", "b"), keyOf("p2", "a"), keyOf("p3", "a"), keyOf("p4", "a")];
    for (const key of keys) await flySchedules.add(aFlyMachine(key));
    const all = ["p1/a -", "p1/b p1/b", "- p2/a", "p3/a p3/a", "- p4/a"];
    for (const limit of [1, 2, 3, 100]) {
      const seen: string[] = [];
      let place = "";
      do {
        const page = await flySchedules.page(place, limit);
        expect(page.pairs.length).toBeLessThanOrEqual(2 * limit);
        seen.push(...page.pairs.map(shown));
        place = page.next;
      } while (place !== "");
      expect(seen).toEqual(all);
    }
    expect((await flySchedules.page(placeOf(keyOf("p2", "a")), 1)).pairs.map(shown)).toEqual(["p3/a p3/a"]);
    for (const key of keys) await flySchedules.remove(aFlyMachine(key));
    for (const job of ["p1", "p3"]) await jobs.delete(ORG, job, T0 + 1, null);
    expect((await flySchedules.page("", 100)).pairs).toEqual([]);
  });

  it("a start is one run: with a second one of the same start nothing is stored", async () => {
    const { orgId, machineName, order, name, app } = aFlyMachine(keyOf("starts"));
    const startedAt = T0 - 7000;
    const anotherRun = () => {
      const firing = { schedule: name, dueAt: startedAt, overlap: "allow" as const, isCaughtUp: false };
      const accepted = {
        ...{ type: "accepted" as const, at: T0, spec: order.spec, originId: null, job: order.job },
        firing: { ...firing, startedByFly: true as const },
      };
      const start = {
        machineName,
        machineId: "m1",
        machineConfig: order.config,
        app,
        region: null,
        startedAt,
      };
      const events = attemptOfStart(start, T0);
      const state = applyEvents(acceptRun(aRunId(), orgId, accepted), events);
      if (state === null) throw new Error("a fresh run can always have a machine");
      return { state, events: [accepted, ...events] };
    };
    const [first, second] = [anotherRun(), anotherRun()];
    expect(await store.accept(first.state, first.events, null)).toEqual({ kind: "accepted" });
    expect(await store.accept(second.state, second.events, null)).toEqual({ kind: "not_armed" });
    expect(await store.accept(first.state, first.events, null)).toEqual({ kind: "accepted" });
    expect(await store.load(second.state.run.id)).toBeNull();
    expect(await store.load(first.state.run.id)).toEqual(first.state);
    expect(first.state.run).toMatchObject({ status: "running", open: true });
    expect(first.state.attempts[0]).toMatchObject({ machineId: "m1", startedAt, createdAt: T0 });
    expect(await schedules.firing(keyOf("starts"), startedAt)).toMatchObject({
      ...{ outcome: "ran", trigger: "fly", runId: first.state.run.id, decidedAt: T0, count: 1 },
    });
  });

  it("a stretch that nobody knows of is told once, beside the starts", async () => {
    const key = keyOf("gap");
    const gap = { fromMs: T0 + 1, throughMs: T0 + 5000, why: "nobody knows" };
    for (const at of [T0 + 6000, T0 + 7000]) await flySchedules.recordGap(key, gap, at);
    const { firings } = await schedules.firings(key, { outcome: null, before: null, limit: 10 });
    expect(firings).toMatchObject([
      {
        ...{ dueAt: T0 + 1, throughAt: T0 + 5000, outcome: "missed", count: 0, isCountExact: false },
        ...{ trigger: "fly", runId: null, why: "nobody knows", decidedAt: T0 + 6000 },
      },
    ]);
  });

  it("the place where a tick broke off is kept", async () => {
    expect(await flySchedules.cursor()).toBe("");
    for (const cursor of [placeOf(keyOf("x")), ""]) {
      await flySchedules.keepCursor(cursor, T0);
      expect(await flySchedules.cursor()).toBe(cursor);
    }
  });
}
