/** The Machines that are not destroyed, in memory; every change goes through `apply`, which stores it and wakes waits. */

import { ulid } from "../id.ts";
import type { Store } from "../store.ts";
import type { Machine } from "./machine.ts";
import { type Change, transition } from "./state.ts";

export class Registry {
  readonly store: Store;
  readonly now: () => number;
  readonly #machines = new Map<string, Machine>();
  /** Names are unique among the Machines of an app that are not destroyed. */
  readonly #names = new Map<string, string>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(store: Store, now: () => number) {
    this.store = store;
    this.now = now;
    for (const machine of store.undestroyed()) this.#keep(machine);
  }

  add(machine: Machine): void {
    this.store.insert(machine);
    this.#keep(machine);
  }

  /** A Machine of this app, destroyed ones included. */
  get(app: string, id: string): Machine | null {
    const machine = this.#machines.get(id);
    if (machine !== undefined) return machine.app === app ? machine : null;
    return this.store.get(app, id);
  }

  /** All that are not destroyed, of one app or of all. */
  undestroyed(app: string | null): Machine[] {
    const all = [...this.#machines.values()].reverse();
    return app === null ? all : all.filter((machine) => machine.app === app);
  }

  /** The Machine that has this name. */
  holderOf(app: string, name: string): string | null {
    return this.#names.get(nameKey(app, name)) ?? null;
  }

  /**
   * Applies changes one after the other, stores the outcome once and then tells those who wait: nobody sees a state in
   * between. A change that is not possible in the Machine's state is left out.
   * @returns the Machine, or null where none of the changes was possible
   */
  apply(id: string, ...changes: Change[]): Machine | null {
    const before = this.#machines.get(id);
    if (before === undefined) return null;
    let machine = before;
    for (const change of changes) {
      const now = this.now();
      machine = transition(machine, change, { now, eventId: ulid(now) }) ?? machine;
    }
    if (machine === before) return null;
    if (machine.instanceId !== before.instanceId) this.store.keepVersion(before);
    this.store.update(machine);
    if (machine.config !== before.config) this.store.updateConfig(machine);
    if (machine.state === "destroyed") {
      this.#machines.delete(id);
      this.#names.delete(nameKey(machine.app, machine.name));
    } else {
      this.#machines.set(id, machine);
    }
    for (const listener of [...(this.#listeners.get(id) ?? [])]) listener();
    return machine;
  }

  /** Calls `listener` after each change of the Machine. Returns what ends that. */
  onChange(id: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(id);
    };
  }

  #keep(machine: Machine): void {
    this.#machines.set(machine.id, machine);
    this.#names.set(nameKey(machine.app, machine.name), machine.id);
  }
}

function nameKey(app: string, name: string): string {
  return `${app}\0${name}`;
}
