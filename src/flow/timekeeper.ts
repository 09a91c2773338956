/**
 * Timekeeper: the place from which a shard's armed firings are started on time. It holds no facts, but an alarm for the next of them; a
 * lost one is made good by the minute's tick.
 */

import { TIMEKEEPER_AGAIN_MS } from "../core/limits.ts";
import type { FireReport } from "./fire-shard.ts";
import type { Clock } from "./ports.ts";

/** What a timekeeper needs of the place where it lives. */
export interface TimekeeperHost {
  clock: Clock;
  /** @param passedOver as for `fireShard` */
  fire(passedOver: number): Promise<FireReport>;
  /** When it is called next, in epoch milliseconds; null where it is not, and while it is being called. */
  alarmAt(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
  logError(error: unknown): void;
}

export class Timekeeper {
  readonly #host: TimekeeperHost;
  /** Firings that failed since it began with the first one. Who forgets it begins there again. */
  #passedOver = 0;

  constructor(host: TimekeeperHost) {
    this.#host = host;
  }

  /** There is a firing to start at a moment. */
  async wake(atMs: number): Promise<void> {
    const set = await this.#host.alarmAt();
    if (set === null || atMs < set) await this.#host.setAlarm(atMs);
  }

  async alarm(): Promise<void> {
    const nextAt = await this.#fired();
    if (nextAt !== null) await this.wake(nextAt);
  }

  async #fired(): Promise<number | null> {
    const { clock, fire, logError } = this.#host;
    const passedOver = this.#passedOver;
    this.#passedOver = 0;
    try {
      const { nextAt, problems, failed, isMore } = await fire(passedOver);
      if (problems.length > 0) logError(new Error(`firings that are tried again: ${problems.join("; ")}`));
      if (isMore) this.#passedOver = passedOver + failed;
      if (isMore || passedOver + failed === 0) return nextAt;
    } catch (error) {
      logError(error);
    }
    // What failed is armed still, and would be tried without a pause.
    return clock.now() + TIMEKEEPER_AGAIN_MS;
  }
}
