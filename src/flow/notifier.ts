/**
 * Notifier: the place from which a webhook is told what is due, one for each, so that none keeps another waiting; or where the outbox is
 * taken up. It holds no facts, but an alarm for what is due next; a lost one is made good by the minute's cron.
 */

import { NOTIFIER_AGAIN_MS } from "../core/limits.ts";
import type { NotifyReport } from "./notify.ts";
import type { Clock } from "./ports.ts";

/** What a notifier needs of the place where it lives. */
export interface NotifierHost {
  clock: Clock;
  /** @param news resolves when somebody calls the notifier meanwhile */
  work(news: () => Promise<void>): Promise<NotifyReport>;
  /** When it is called next, in epoch milliseconds; null where it is not, and while it is being called. */
  alarmAt(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
  logError(error: unknown): void;
}

export class Notifier {
  readonly #host: NotifierHost;
  #called = () => {};
  #news = Promise.resolve();

  constructor(host: NotifierHost) {
    this.#host = host;
    this.#awaitCall();
  }

  /** There is something to do at a moment. */
  async wake(atMs: number): Promise<void> {
    this.#called();
    this.#awaitCall();
    const set = await this.#host.alarmAt();
    if (set === null || atMs < set) await this.#host.setAlarm(atMs);
  }

  async alarm(): Promise<void> {
    const { clock, work, logError } = this.#host;
    try {
      const { nextAt, problems } = await work(() => this.#news);
      if (problems.length > 0) logError(new Error(`what is told again: ${problems.join("; ")}`));
      const isBroken = problems.length > 0;
      if (isBroken) await this.wake(clock.now() + NOTIFIER_AGAIN_MS);
      else if (nextAt !== null) await this.wake(nextAt);
    } catch (error) {
      logError(error);
      await this.wake(clock.now() + NOTIFIER_AGAIN_MS);
    }
  }

  #awaitCall(): void {
    this.#news = new Promise((resolve) => {
      this.#called = resolve;
    });
  }
}
