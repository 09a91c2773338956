/** Starts scheduled Machines when they are due, each time the same one. A run that finds the last one still going is skipped. */

import type { Clock } from "../clock.ts";
import type { Host } from "./host.ts";
import type { Machine } from "./machine.ts";
import { isSchedule, nextDue } from "./schedule.ts";

export class Scheduler {
  readonly #host: Host;
  readonly #clock: Clock;
  #cancel: (() => void) | null = null;
  #wakesAt = Number.POSITIVE_INFINITY;
  /** What was due until then has had its turn. */
  #ranUntil: number;

  constructor(host: Host, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
    this.#ranUntil = clock.now();
    for (const machine of host.registry.undestroyed(null)) this.follow(machine);
  }

  /** To be told of each Machine that was made or got a new config. */
  follow(machine: Machine): void {
    const due = this.#dueOf(machine);
    if (due !== null && due < this.#wakesAt) this.#wake(due);
  }

  /** To be told when the clock was turned: starts what is due by the new time. Turned back, it gives again what was given. */
  lookAgain(): void {
    this.#ranUntil = Math.min(this.#ranUntil, this.#clock.now());
    this.#cancel?.();
    this.#run();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #dueOf({ config, createdAt, state }: Machine): number | null {
    if (!isSchedule(config.schedule) || state === "destroyed") return null;
    return nextDue(config.schedule, createdAt, this.#clock.now());
  }

  #wake(instant: number): void {
    this.#cancel?.();
    this.#wakesAt = instant;
    this.#cancel = this.#clock.at(instant, () => this.#run());
  }

  /** Starts all that became due since the last time, once each, then sleeps until the next one is. */
  #run(): void {
    const [from, until] = [this.#ranUntil, this.#clock.now()];
    this.#ranUntil = until;
    this.#wakesAt = Number.POSITIVE_INFINITY;
    for (const machine of this.#host.registry.undestroyed(null)) {
      const { config, createdAt, followsSchedule, id } = machine;
      if (!isSchedule(config.schedule)) continue;
      const isDue = nextDue(config.schedule, createdAt, from) <= until;
      if (isDue && followsSchedule) this.#host.launch(id, "schedule");
      this.follow(machine);
    }
  }
}
