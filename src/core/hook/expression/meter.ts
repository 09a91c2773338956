/** Counts what expressions do, so that none takes long or much memory, whatever it says and is given. */

/** There are no steps left. Nothing in an expression can make it go unnoticed. */
export class TooManySteps extends Error {}

/** Characters that are looked at or copied in the time of one step. */
const CHARS_PER_STEP = 16;

export class Meter {
  left: number;

  constructor(steps: number) {
    this.left = steps;
  }

  /** @throws TooManySteps */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left >= 0) return;
    this.left = 0;
    throw new TooManySteps();
  }

  /** What it takes to go through so many characters, or to make a text of them. */
  spendOnText(chars: number): void {
    this.spend(Math.ceil(chars / CHARS_PER_STEP));
  }
}
