/**
 * One life of code that runs on the worker: a driver, or what answers a request. It can end between any two calls, and then
 * nothing in it goes on: what it asked for may have happened all the same.
 */

import type { Chance } from "../chance.ts";
import type { Trace } from "../trace.ts";

export class Life {
  alive = true;
  readonly name: string;
  readonly #chance: Chance;
  readonly #trace: Trace;
  /** Calls that it has made. */
  calls = 0;
  /** What else ends with it. */
  readonly onEnd: (() => void)[] = [];

  constructor(name: string, chance: Chance, trace: Trace) {
    this.name = name;
    this.#chance = chance;
    this.#trace = trace;
  }

  end(why: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.#trace.say(`${this.name} ends: ${why}`);
    for (const then of this.onEnd) then();
  }

  /** A call of this life's: made and answered only while it lives. */
  call<T>(name: string, make: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.alive || this.#crashes("before", name)) return;
      this.calls += 1;
      const answered = (then: () => void) => {
        if (this.alive && !this.#crashes("after", name)) then();
      };
      make().then(
        (value) => answered(() => resolve(value)),
        (error) => answered(() => reject(error)),
      );
    });
  }

  /** The same port, whose calls are this life's. */
  through<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const method = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...args: unknown[]) => this.call(String(name), () => method.apply(target, args));
      },
    });
  }

  #crashes(when: "before" | "after", call: string): boolean {
    const crashes = this.#chance.fault(`crash ${when} ${call}`, 0.02);
    if (crashes) this.end(`crash ${when} ${call}`);
    return crashes;
  }
}
