/** The server's clock: leases, schedules, rate limits and how long the destroyed are kept go by it, so that a test can turn it. */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `act` once this instant is reached. Returns what cancels that. */
  at(instant: number, act: () => void): () => void;
}

/** The computer's clock can be set, and stands for timers while the computer sleeps: so often what is waited for is looked at again. */
const LOOK_EACH_MS = 60_000;

/** @param now epoch milliseconds */
export function systemClock(now: () => number = Date.now, lookEachMs = LOOK_EACH_MS): Clock {
  return {
    now,
    at: (instant, act) => {
      let timer: NodeJS.Timeout;
      const wait = () => {
        const left = instant - now();
        timer = setTimeout(left > 0 ? wait : act, Math.min(Math.max(left, 0), lookEachMs));
        timer.unref();
      };
      wait();
      return () => clearTimeout(timer);
    },
  };
}
