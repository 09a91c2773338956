/**
 * The store of runs on a database: the product's own, with its statements and triggers, of which a copy in memory is kept for whoever checks
 * what is stored. What is only read comes from that copy.
 */

import { d1Store } from "../../../src/d1/store.ts";
import type { Store } from "../../../src/flow/ports.ts";
import { RecordingStore } from "./recording-store.ts";

export class DatabaseStore extends RecordingStore {
  readonly #stored: Store;

  /** @param heard called with the notifier that has something to do for what was stored */
  constructor(database: D1Database, heard: (notifier: string) => void) {
    super();
    this.#stored = d1Store(database, heard);
  }

  override async accept(...[state, events, key, delivery]: Parameters<Store["accept"]>) {
    const result = await this.#stored.accept(state, events, key, delivery);
    if (result.kind === "accepted" && !this.runs.has(state.run.id)) this.keep(state, events);
    return result;
  }

  override async usedKey(...asked: Parameters<Store["usedKey"]>) {
    return this.#stored.usedKey(...asked);
  }

  override async recordWithSlots(...[before, events, chunks]: Parameters<Store["recordWithSlots"]>) {
    const after = await this.#stored.recordWithSlots(before, events, chunks);
    if (after !== null && after !== "no_room") this.follow(before, after, events, chunks);
    return after;
  }

  override async appendOutput(...[state, chunks]: Parameters<Store["appendOutput"]>) {
    return (await this.#stored.appendOutput(state, chunks)) && super.appendOutput(state, chunks);
  }
}
