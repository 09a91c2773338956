import { describe, expect, it } from "vitest";
import { acceptRun } from "../../src/core/lifecycle.ts";
import { TIMEKEEPER_BATCH_RUNS } from "../../src/core/limits.ts";
import { acceptTogether } from "../../src/flow/accept-together.ts";
import type { NewRun, Store } from "../../src/flow/ports.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";
import { MemoryStore } from "../support/memory-store.ts";

function aNewRun(index: number): NewRun {
  const event = { type: "accepted" as const, at: T0, spec: aSpec(), originId: null };
  return { state: acceptRun(aRunId(T0 + index), "default", event), events: [event] };
}

/** How many runs each of its batches was to store. */
function aCountingStore() {
  const memory = new MemoryStore();
  const sizes: number[] = [];
  const store: Pick<Store, "accept" | "acceptAll"> = {
    accept: (...asked) => {
      sizes.push(1);
      return memory.accept(...asked);
    },
    acceptAll: (news) => {
      sizes.push(news.length);
      return memory.acceptAll(news);
    },
  };
  return { memory, sizes, store };
}

describe("runs that are accepted at once", () => {
  it("are stored in few batches, and each is told so", async () => {
    const { memory, sizes, store } = aCountingStore();
    const accept = acceptTogether(store);
    const news = Array.from({ length: 2 * TIMEKEEPER_BATCH_RUNS }, (_, index) => aNewRun(index));
    const results = await Promise.all(news.map(({ state, events }) => accept(state, events, null)));
    expect(results).toEqual(news.map(() => ({ kind: "accepted" })));
    expect(memory.runs.size).toBe(news.length);
    expect(sizes).toEqual([1, TIMEKEEPER_BATCH_RUNS, TIMEKEEPER_BATCH_RUNS - 1]);
  });

  it("one alone does not wait for others, also after a batch", async () => {
    const { sizes, store } = aCountingStore();
    const accept = acceptTogether(store);
    for (const index of [1, 2]) {
      const { state, events } = aNewRun(index);
      expect(await accept(state, events, null)).toEqual({ kind: "accepted" });
    }
    expect(sizes).toEqual([1, 1]);
  });

  it("one that can not be stored keeps out none of the others, and fails alone", async () => {
    const { memory, store } = aCountingStore();
    const news = [1, 2, 3, 4].map(aNewRun);
    const tooLarge = news[2]?.state.run.id;
    const accept = acceptTogether({
      accept: async (state, ...rest) => {
        if (state.run.id === tooLarge) throw new Error("the row is too large");
        return store.accept(state, ...rest);
      },
      acceptAll: async (batch) => {
        if (batch.some(({ state }) => state.run.id === tooLarge)) throw new Error("the row is too large");
        return store.acceptAll(batch);
      },
    });
    const results = await Promise.allSettled(news.map(({ state, events }) => accept(state, events, null)));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(memory.runs.size).toBe(3);
  });

  it("one that another has stored already is told so, beside those that are new", async () => {
    const { memory, store } = aCountingStore();
    const news = [1, 2, 3].map(aNewRun);
    const [, second] = news;
    if (second) await memory.accept(second.state, second.events, null);
    const accept = acceptTogether(store);
    const results = await Promise.all(news.map(({ state, events }) => accept(state, events, null)));
    expect(results.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
    expect(memory.runs.size).toBe(3);
  });
});
