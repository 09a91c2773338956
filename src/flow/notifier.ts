/**
 * Notifier: the place from which a webhook is told what is due, one for each, so that none keeps another waiting; or where the outbox is
 * taken up. It holds no facts, but an alarm for what is due next, and how long it rests where our side fails; a lost one is made good by
 * the minute's cron.
 */

import { messageOf } from "../core/error.ts";
import { NOTIFIER_AGAIN_FIRST_MS, NOTIFIER_AGAIN_MAX_MS } from "../core/limits.ts";
import { repeatDelayMs } from "../core/poll.ts";
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
  /** What was kept last: between two alarms all else may be forgotten. */
  pause(): Promise<NotifierPause | null>;
  setPause(pause: NotifierPause | null): Promise<void>;
  logError(error: unknown): void;
}

/** A rest after alarms that failed. */
export interface NotifierPause {
  /** How many in a row. */
  failures: number;
  /** Until when calls wait, too; null where they do not. */
  heldUntil: number | null;
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
    const { heldUntil } = (await this.#host.pause()) ?? { heldUntil: null };
    await this.#alarmBy(Math.max(atMs, heldUntil ?? 0));
  }

  async alarm(): Promise<void> {
    const { nextAt, problems, isHeldUp = false } = await this.#work();
    const before = await this.#host.pause();
    if (problems.length > 0) return this.#rest((before?.failures ?? 0) + 1, isHeldUp);
    if (before !== null) await this.#host.setPause(null);
    if (nextAt !== null) await this.#alarmBy(nextAt);
  }

  async #work(): Promise<NotifyReport> {
    const { work, logError } = this.#host;
    try {
      const report = await work(() => this.#news);
      const told = [...report.problems, ...(report.putOff ?? [])];
      if (told.length > 0) logError(new Error(told.join("; ")));
      return report;
    } catch (error) {
      logError(error);
      return { nextAt: null, problems: [messageOf(error)] };
    }
  }

  async #rest(failures: number, isHeldUp: boolean): Promise<void> {
    const { clock, setPause, setAlarm } = this.#host;
    const until = clock.now() + repeatDelayMs(failures, NOTIFIER_AGAIN_FIRST_MS, NOTIFIER_AGAIN_MAX_MS);
    await setPause({ failures, heldUntil: isHeldUp ? until : null });
    // Also where somebody has called meanwhile.
    if (isHeldUp) await setAlarm(until);
    else await this.#alarmBy(until);
  }

  async #alarmBy(atMs: number): Promise<void> {
    const set = await this.#host.alarmAt();
    if (set === null || atMs < set) await this.#host.setAlarm(atMs);
  }

  #awaitCall(): void {
    this.#news = new Promise((resolve) => {
      this.#called = resolve;
    });
  }
}
