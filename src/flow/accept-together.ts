/** Accept together: runs that come while others are being stored are stored with the next batch (group commit, as databases call it). */

import { TIMEKEEPER_BATCH_CHARS } from "../core/limits.ts";
import type { AcceptResult, NewRun, Store } from "./ports.ts";

interface Waiting extends NewRun {
  answer(result: AcceptResult | Promise<AcceptResult>): void;
}

/** The store's `accept`, for runs without keys and deliveries: a run alone is stored at once, and many at a time in few batches. */
export function acceptTogether(store: Pick<Store, "accept" | "acceptAll">): Store["accept"] {
  let waiting: Waiting[] = [];
  let isStoring = false;
  return (state, events, key, delivery = null) => {
    if (key !== null || delivery !== null) return store.accept(state, events, key, delivery);
    return new Promise((answer) => {
      waiting.push({ state, events, answer });
      if (!isStoring) void storeAll();
    });
  };

  async function storeAll(): Promise<void> {
    isStoring = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, countOfBatch(waiting));
      waiting = waiting.slice(batch.length);
      await storeBatch(batch);
    }
    isStoring = false;
  }

  async function storeBatch(batch: Waiting[]): Promise<void> {
    // What one of them fails with must not keep out the others, so each then gets an answer of its own.
    const isStored = batch.length > 1 && (await store.acceptAll(batch).catch(() => false));
    const results = batch.map(({ state, events, answer }) => {
      const result = isStored
        ? Promise.resolve({ kind: "accepted" as const })
        : store.accept(state, events, null);
      answer(result);
      return result;
    });
    await Promise.allSettled(results);
  }
}

/** How many of them, the first ones, are one batch: one at least, however large it is. */
function countOfBatch(waiting: NewRun[]): number {
  let [count, chars] = [0, 0];
  for (const { state } of waiting) {
    chars += JSON.stringify(state.run.spec).length + (state.run.job?.input.length ?? 0);
    if (count > 0 && chars > TIMEKEEPER_BATCH_CHARS) break;
    count += 1;
  }
  return count;
}
