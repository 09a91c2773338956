/**
 * Fly's rate limits (docs: Working with the Machines API): one call a second for each action and Machine, or app where the
 * action has no Machine, after a burst of three; GET of a Machine five a second after ten; app deletions 100 a minute.
 */

import { ApiError } from "./error.ts";

interface Limit {
  readonly perSecond: number;
  readonly burst: number;
}

const ANY: Limit = { perSecond: 1, burst: 3 };
const BY_ACTION: Readonly<Record<string, Limit>> = {
  get: { perSecond: 5, burst: 10 },
  delete_app: { perSecond: 100 / 60, burst: 100 },
};

/** Fly's text as a proxy passed it on; whether Fly sends `Retry-After` is not known, so there is none. */
const TOO_MANY = "rate limit exceeded";

/** A full bucket is as good as none, so those are dropped when there are this many. */
const BUCKETS_MAX = 10_000;

interface Bucket {
  tokens: number;
  /** Epoch milliseconds at which `tokens` was right. */
  at: number;
}

export class RateLimits {
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts a call. Throws a 429 where it is one too many. @param subject the Machine's id, or the app's name */
  count(action: string, subject: string): void {
    const { perSecond, burst } = BY_ACTION[action] ?? ANY;
    const now = this.#now();
    const key = `${action}\0${subject}`;
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + (Math.max(0, now - at) / 1000) * perSecond);
    if (filled < 1) throw new ApiError(429, TOO_MANY);
    if (this.#buckets.size >= BUCKETS_MAX) this.#dropIdle(now);
    this.#buckets.set(key, { tokens: filled - 1, at: now });
  }

  #dropIdle(now: number): void {
    for (const [key, { at }] of this.#buckets) if (now - at > IDLE_MS) this.#buckets.delete(key);
  }
}

/** By then the largest burst is there again. */
const IDLE_MS = 60_000;
