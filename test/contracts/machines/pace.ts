/**
 * Keeps calls within Fly's rate limits: one a second for each action and Machine, or app where it has none, after a burst of
 * three; GET of a Machine five a second after ten (docs: Working with the Machines API).
 */

/** Slower than what is documented: the other side counts at other instants. */
const MARGIN = 1.1;
const SHOW = "GET /apps/{app}/machines/{machine}";

interface Bucket {
  /** Below zero: so many calls wait. */
  readonly tokens: number;
  /** Epoch milliseconds at which `tokens` was right. */
  readonly at: number;
}

export class Pace {
  readonly #buckets = new Map<string, Bucket>();

  /**
   * Counts a call, and says in how many milliseconds it may be made.
   * @param action method and path with its holes
   * @param subject the Machine's id, or the app's name
   */
  delayMs(action: string, subject: string, now: number): number {
    const [burst, everyMs] = action === SHOW ? [10, 200 * MARGIN] : [3, 1000 * MARGIN];
    const key = `${action} ${subject}`;
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const left = Math.min(burst, tokens + (now - at) / everyMs) - 1;
    this.#buckets.set(key, { tokens: left, at: now });
    return left < 0 ? -left * everyMs : 0;
  }
}
