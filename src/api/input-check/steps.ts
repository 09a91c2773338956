/** How much may still be done to check an input. Whatever takes time is counted here, by the size of what is looked at. */

import { INPUT_CHECK_MAX_STEPS, INPUT_PATTERN_MAX_STEPS } from "../../core/limits.ts";
import { type Steps, TooManySteps } from "../../core/pattern/match.ts";
import type { Place } from "./place.ts";

/** A check that takes too long. The message is a sentence that a path can stand before. */
export class EndlessCheck extends Error {
  readonly place: Place | null;

  /** @param place of what took so long; null where it was no one place */
  constructor(message: string, place: Place | null = null) {
    super(message);
    this.place = place;
  }
}

/** One for all inputs that are checked for one request. */
export class CheckSteps {
  #left = INPUT_CHECK_MAX_STEPS;
  readonly #ofPatterns: Steps = { left: INPUT_PATTERN_MAX_STEPS };

  /** Those that were taken, apart from patterns'. */
  get taken(): number {
    return INPUT_CHECK_MAX_STEPS - this.#left;
  }

  get takenByPatterns(): number {
    return INPUT_PATTERN_MAX_STEPS - this.#ofPatterns.left;
  }

  /** @throws EndlessCheck */
  take(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0)
      throw new EndlessCheck(
        `takes more than ${INPUT_CHECK_MAX_STEPS} steps to check against the job's schema`,
      );
  }

  /**
   * Lets patterns take theirs.
   * @throws EndlessCheck
   */
  ofPatterns<T>(place: Place, match: (steps: Steps) => T): T {
    try {
      return match(this.#ofPatterns);
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error;
      throw new EndlessCheck(
        `takes more than ${INPUT_PATTERN_MAX_STEPS} steps to check against the patterns of the job's schema`,
        place,
      );
    }
  }
}
