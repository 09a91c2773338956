/**
 * Keeps calls within Fly's rate limits: one a second for each action and Machine, or app where it has none, after a burst of
 * three; GET of a Machine five a second after ten (docs: Working with the Machines API).
 */

import { setTimeout as sleep } from "node:timers/promises";

/** Below what is documented: the other side counts at other instants. */
const MARGIN = 1.1;

const SHOW = "GET /apps/{app}/machines/{machine}";

interface Bucket {
  tokens: number;
  at: number;
}

export class Pace {
  readonly #buckets = new Map<string, Bucket>();

  /**
   * Settles when the call may be made.
   * @param action method and path with its holes
   * @param subject the Machine's id, or the app's name
   */
  async turn(action: string, subject: string): Promise<void> {
    const isShow = action === SHOW;
    const burst = isShow ? 10 : 3;
    const everyMs = (isShow ? 200 : 1000) * MARGIN;
    const key = `${action} ${subject}`;
    const now = Date.now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / everyMs) - 1;
    // Taken before it is waited for, so that whoever comes next waits longer.
    this.#buckets.set(key, { tokens, at: now });
    if (tokens < 0) await sleep(-tokens * everyMs);
  }
}
