/** The server's clock: leases, schedules, rate limits and how long the destroyed are kept go by it, so that a test can turn it. */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `act` once this instant is reached. Returns what cancels that. */
  at(instant: number, act: () => void): () => void;
}

/** Node fires a timer that is longer than this at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** @param now epoch milliseconds; instants are waited for in real time */
export function systemClock(now: () => number = Date.now): Clock {
  return {
    now,
    at: (instant, act) => {
      let timer: NodeJS.Timeout;
      const wait = () => {
        const left = instant - now();
        timer = setTimeout(left > 0 ? wait : act, Math.min(Math.max(left, 0), TIMER_MAX_MS));
        timer.unref();
      };
      wait();
      return () => clearTimeout(timer);
    },
  };
}
