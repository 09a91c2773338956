import { describe, expect, it } from "vitest";
import { acceptRun } from "../../src/core/lifecycle.ts";
import { TIMEKEEPER_BATCH_CHARS, TIMEKEEPER_BATCH_FIRINGS } from "../../src/core/limits.ts";
import { acceptTogether } from "../../src/flow/accept-together.ts";
import type { AcceptResult, NewRun, Store } from "../../src/flow/ports.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";
import { MemoryStore } from "../support/memory-store.ts";

function aNewRun(index: number, script: string | null = null): NewRun {
  const event = { type: "accepted" as const, at: T0, spec: aSpec({ script }), originId: null };
  return { state: acceptRun(aRunId(T0 + index), "default", event), events: [event] };
}

/** Accepts them all at once: what each is answered, or how it failed. A store in memory has answered by the end of the turn. */
async function answersOf(accept: Store["accept"], news: NewRun[]): Promise<string[]> {
  const answers = news.map(() => "no answer");
  for (const [index, { state, events }] of news.entries()) {
    const note = (answer: string) => {
      answers[index] = answer;
    };
    accept(state, events, null).then(
      ({ kind }: AcceptResult) => note(kind),
      (error) => note(String(error)),
    );
  }
  await new Promise((resolve) => setImmediate(resolve));
  return answers;
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
    const news = Array.from({ length: TIMEKEEPER_BATCH_FIRINGS }, (_, index) => aNewRun(index));
    expect(await answersOf(accept, news)).toEqual(news.map(() => "accepted"));
    expect(memory.runs.size).toBe(news.length);
    expect(sizes).toEqual([1, TIMEKEEPER_BATCH_FIRINGS - 1]);
  });

  it("large ones are few to a batch, and one that is larger than a batch is stored alone", async () => {
    const { memory, sizes, store } = aCountingStore();
    const half = "x".repeat(TIMEKEEPER_BATCH_CHARS / 2 - 1000);
    const scripts = [null, half, half, half, half + half + half, null];
    const news = scripts.map((script, index) => aNewRun(index, script));
    expect(await answersOf(acceptTogether(store), news)).toEqual(news.map(() => "accepted"));
    expect(sizes).toEqual([1, 2, 1, 1, 1]);
    expect(memory.runs.size).toBe(news.length);
  });

  it("one alone does not wait for others, also after a batch", async () => {
    const { sizes, store } = aCountingStore();
    const accept = acceptTogether(store);
    for (const index of [1, 2]) expect(await answersOf(accept, [aNewRun(index)])).toEqual(["accepted"]);
    expect(sizes).toEqual([1, 1]);
  });

  it("one that can not be stored keeps out none of the others, and fails alone", async () => {
    const { memory, store } = aCountingStore();
    const news = [1, 2, 3, 4].map((index) => aNewRun(index));
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
    const failed = "Error: the row is too large";
    expect(await answersOf(accept, news)).toEqual(["accepted", "accepted", failed, "accepted"]);
    expect(memory.runs.size).toBe(3);
  });

  it("one that another has stored already is told so, beside those that are new", async () => {
    const { memory, store } = aCountingStore();
    const news = [1, 2, 3].map((index) => aNewRun(index));
    const [, second] = news;
    if (second) await memory.accept(second.state, second.events, null);
    const accept = acceptTogether(store);
    expect(await answersOf(accept, news)).toEqual(["accepted", "accepted", "accepted"]);
    expect(memory.runs.size).toBe(3);
  });
});
