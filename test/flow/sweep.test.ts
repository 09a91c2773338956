import { expect, it } from "vitest";
import { SWEEP_MAX_WAKES, SWEEP_QUIET_MS } from "../../src/core/limits.ts";
import type { Drivers } from "../../src/flow/ports.ts";
import { sweep } from "../../src/flow/sweep.ts";
import { aStartingRun, T0 } from "../support/a-run.ts";
import { MemoryStore } from "../support/memory-store.ts";

/** Quiet runs, and a record of whose drivers were woken. */
async function quietRuns(count: number) {
  const store = new MemoryStore();
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const { state, events } = aStartingRun();
    await store.accept(state, events, null);
    ids.push(state.run.id);
  }
  const woken: string[] = [];
  const drivers = { wake: async (id: string) => void woken.push(id) } as unknown as Drivers;
  const clock = { now: () => T0 + SWEEP_QUIET_MS + 1 };
  const ports = { store, drivers, clock, orgId: "default", organizationLimit: null };
  return { ids: ids.sort(), woken, store, sweep: () => sweep(ports) };
}

it("wakes as many drivers as one call may, and the next sweep goes on there", async () => {
  const { ids, woken, store, sweep } = await quietRuns(SWEEP_MAX_WAKES + 30);
  expect(await sweep()).toEqual({ woken: SWEEP_MAX_WAKES, failed: 0, freed: 0 });
  expect(await sweep()).toEqual({ woken: 30, failed: 0, freed: 0 });
  expect(woken).toEqual(ids);
  expect(await store.sweepCursor()).toBe("");
  await sweep();
  expect(woken.slice(ids.length)).toEqual(ids.slice(0, SWEEP_MAX_WAKES));
});

it("wakes every driver once where there are no more than that, and keeps nothing", async () => {
  const { ids, woken, store, sweep } = await quietRuns(401);
  store.keepSweepCursor = () => Promise.reject(new Error("there is nothing to keep"));
  await sweep();
  expect(woken).toEqual(ids);
});
