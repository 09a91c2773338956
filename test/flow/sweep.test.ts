import { expect, it } from "vitest";
import { SWEEP_MAX_HEADS, SWEEP_MAX_WAKES, SWEEP_QUIET_MS } from "../../src/core/limits.ts";
import { keyQueue } from "../../src/core/turn.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { Drivers } from "../../src/flow/ports.ts";
import { sweep } from "../../src/flow/sweep.ts";
import { aQueuedRun, aStartingRun, followedBy, T0 } from "../support/a-run.ts";
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
  const launches = launchesOver(store, { apps: ["mayfly-tests"], perSecond: 0 });
  const ports = { store, drivers, clock, launches, orgId: "default", organizationLimit: null };
  return { ids: ids.sort(), woken, store, drivers, sweep: (quietMs?: number) => sweep(ports, quietMs) };
}

/** A run that waits in the line of a key that has room. */
function aHead(key: string) {
  const concurrency = { key, limit: 1, strategy: "queue" as const };
  const waits = { type: "slot_awaited", at: T0, queue: keyQueue(key), limit: 1 } as const;
  const { state, events } = followedBy(aQueuedRun({ concurrency }), waits);
  return [state, events] as const;
}

it("wakes as many drivers as one call may, and the next sweep goes on there", async () => {
  const { ids, woken, store, sweep } = await quietRuns(SWEEP_MAX_WAKES + 30);
  expect(await sweep()).toEqual({ woken: SWEEP_MAX_WAKES, failed: 0, freed: 0, problems: [] });
  expect(await sweep()).toEqual({ woken: 30, failed: 0, freed: 0, problems: [] });
  expect(woken).toEqual(ids);
  expect(await store.sweepCursors()).toMatchObject({ runs: "", queues: "" });
  await sweep();
  expect(woken.slice(ids.length)).toEqual(ids.slice(0, SWEEP_MAX_WAKES));
});

it("looks at all runs after a start, wherever the sweep before broke off", async () => {
  const { ids, woken, store, sweep } = await quietRuns(5);
  await store.keepSweepCursor("runs", ids[2] ?? "");
  await sweep(0);
  expect(woken).toEqual(ids);
  expect(await store.sweepCursors()).toMatchObject({ runs: "", queues: "" });
});

it("wakes every driver once where there are no more than that, and keeps nothing", async () => {
  const { ids, woken, store, sweep } = await quietRuns(401);
  store.keepSweepCursor = () => Promise.reject(new Error("there is nothing to keep"));
  await sweep();
  expect(woken).toEqual(ids);
});

it("wakes quiet runs though the queues can not be read, and calls the queues' heads though the runs can not", async () => {
  const { ids, woken, store, drivers, sweep } = await quietRuns(2);
  const { queueHeads } = store;
  store.queueHeads = () => Promise.reject(new Error("too many queries"));
  expect(await sweep()).toEqual({ woken: 2, failed: 0, freed: 0, problems: ["queues: too many queries"] });
  expect(woken).toEqual(ids);
  store.queueHeads = queueHeads;
  await store.accept(...aHead("k"), null);
  store.openRuns = () => Promise.reject(new Error("no answer"));
  const called: string[] = [];
  drivers.nudge = async (id) => void called.push(id);
  expect(await sweep()).toEqual({ woken: 1, failed: 0, freed: 0, problems: ["runs: no answer"] });
  expect(called).toHaveLength(1);
});

it("looks at as many queues as one call may, and the next sweep goes on there", async () => {
  const { store, drivers, sweep } = await quietRuns(0);
  const heads = Array.from({ length: SWEEP_MAX_HEADS + 30 }, (_, index) => String(index).padStart(6, "0"));
  const called: string[] = [];
  drivers.nudge = async (id) => void called.push(id);
  // The store in memory looks at all its runs for each queue, so these queues are none of it; each has its head's name.
  store.queueHeads = async (_org, after, limit) => {
    const runIds = heads.filter((head) => head > after).slice(0, limit);
    return { runIds, nextAfter: runIds.length === limit ? (runIds.at(-1) ?? null) : null };
  };
  await sweep();
  expect(called).toEqual(heads.slice(0, SWEEP_MAX_HEADS));
  await sweep();
  expect(called).toEqual(heads);
  expect((await store.sweepCursors()).queues).toBe("");
});
