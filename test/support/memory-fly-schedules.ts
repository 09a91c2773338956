/** The store of schedules' Machines in memory. It keeps the contract in `test/contracts/fly-schedules-contract.ts`. */

import { keyOfPlace, placeOf, sideBySide } from "../../src/core/schedule/side-by-side.ts";
import type { ScheduleKey } from "../../src/core/schedule/spec.ts";
import type { FlyMachine, FlyScheduleStore } from "../../src/flow/ports/fly-schedules.ts";
import type { MemoryScheduleStore } from "./memory-schedule-store.ts";

export class MemoryFlySchedules implements FlyScheduleStore {
  readonly machines = new Map<string, FlyMachine>();
  readonly #schedules: MemoryScheduleStore;
  #cursor = "";

  constructor(schedules: MemoryScheduleStore) {
    this.#schedules = schedules;
  }

  async page(after: string, limit: number) {
    const from = keyOfPlace(after);
    const isAfter = (key: ScheduleKey) => isLess(from, key);
    const inOrder = <T extends ScheduleKey>(all: T[]) =>
      all
        .filter(isAfter)
        .sort((a, b) => (isLess(a, b) ? -1 : 1))
        .slice(0, limit);
    const wanted = [...this.#schedules.schedules.values()].filter(({ spec }) => spec.rule.kind === "fly");
    const { pairs, next } = sideBySide(inOrder(wanted), inOrder([...this.machines.values()]), limit);
    return { pairs: pairs.map(({ a: schedule, b: machine }) => ({ schedule, machine })), next };
  }

  async find(key: ScheduleKey) {
    return this.machines.get(placeOf(key)) ?? null;
  }

  async add(machine: FlyMachine) {
    if (this.machines.has(placeOf(machine))) return false;
    this.machines.set(placeOf(machine), { ...machine });
    return true;
  }

  async change(seen: FlyMachine, changes: Partial<FlyMachine>) {
    if (this.machines.get(placeOf(seen))?.revision !== seen.revision) return null;
    const after = { ...seen, ...changes, revision: seen.revision + 1 };
    this.machines.set(placeOf(seen), after);
    return after;
  }

  async remove(seen: FlyMachine) {
    if (this.machines.get(placeOf(seen))?.revision === seen.revision) this.machines.delete(placeOf(seen));
  }

  async recordGap(...[key, { fromMs, throughMs, why }, at]: Parameters<FlyScheduleStore["recordGap"]>) {
    const { orgId, job, name } = key;
    this.#schedules.recordSpan({
      ...{ orgId, job, name, outcome: "missed", dueAt: fromMs, startAt: null, throughAt: throughMs },
      ...{
        count: 0,
        isCountExact: false,
        trigger: "fly",
        runId: null,
        run: null,
        blockedBy: null,
        why,
        decidedAt: at,
      },
    });
  }

  async cursor() {
    return this.#cursor;
  }

  async keepCursor(cursor: string) {
    this.#cursor = cursor;
  }
}

function isLess(a: ScheduleKey, b: ScheduleKey): boolean {
  for (const part of ["orgId", "job", "name"] as const) if (a[part] !== b[part]) return a[part] < b[part];
  return false;
}
