/**
 * Whether a text matches a regular expression, in a time that grows with the text and not with what it has in it: all ways to match are
 * walked at once, one character after the other, and none is walked twice. The platform tries one way after the other, of which there
 * can be more than anybody can wait for.
 */

import type { Steps } from "./node.ts";
import { PatternError, parsePattern } from "./parse.ts";
import { type Look, type Program, programOf, sizeOf } from "./program.ts";

/** What it takes to begin, besides a look at each character and state; and characters and states that are looked at in the time of one step. */
const STEPS_PER_TEST = 10;
const LOOKED_AT_PER_STEP = 3;

export type { Steps } from "./node.ts";

/** There are no steps left. */
export class TooManySteps extends Error {}

/** What is wrong with a regular expression, as a sentence that its path can stand before; null where nothing is. */
export function patternComplaint(source: string, statesMax: number): string | null {
  try {
    const size = sizeOf(parsePattern(source));
    return size <= statesMax
      ? null
      : `has ${size < Number.MAX_SAFE_INTEGER ? size : "endlessly many"} parts with all that it repeats; it can have ${statesMax}`;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

export class Pattern {
  readonly #program: Program;

  /** @param source one that `patternComplaint` has nothing to say of */
  constructor(source: string) {
    this.#program = programOf(parsePattern(source));
  }

  /** States of it: what making it has cost. */
  get size(): number {
    return this.#program.states.length;
  }

  /**
   * Whether it matches anywhere in the text, as `RegExp.test` says.
   * @throws TooManySteps
   */
  test(text: string, steps: Steps): boolean {
    steps.left -= STEPS_PER_TEST + (text.length + this.size) / LOOKED_AT_PER_STEP;
    if (steps.left < 0) throw new TooManySteps();
    return walk(this.#program, pointsOf(text), false, steps, null);
  }
}

/** A text's code points, as a pattern with the flag u sees it: half a pair that stands alone is one. */
function pointsOf(text: string): Uint32Array {
  const points = new Uint32Array(text.length);
  let count = 0;
  for (let at = 0; at < text.length; count++) {
    const point = text.codePointAt(at) ?? 0;
    points[count] = point;
    at += point > 0xffff ? 2 : 1;
  }
  return points.subarray(0, count);
}

/**
 * Walks through a text and begins to match at every place of it.
 * @param found set to 1 for each place where a match ends; null to end with the first
 */
function walk(
  { states, start }: Program,
  points: Uint32Array,
  isBackward: boolean,
  steps: Steps,
  found: Uint8Array | null,
): boolean {
  const looks = new Map<Look, Uint8Array>();
  const seenAt = new Int32Array(states.length).fill(-1);
  let [now, then]: [number[], number[]] = [[], []];
  const waiting: number[] = [];
  let isFound = false;

  const isSo = (look: Look, at: number): boolean => {
    let places = looks.get(look);
    if (places === undefined) {
      places = new Uint8Array(points.length + 1);
      walk(look.program, points, look.isAhead, steps, places);
      looks.set(look, places);
    }
    return (places[at] === 1) !== look.isNegated;
  };

  /** Is in a state, and in all that it leads to without a character. */
  const enter = (first: number, at: number): void => {
    waiting.push(first);
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      steps.left -= 1;
      if (steps.left < 0) throw new TooManySteps();
      const state = states[number];
      if (state === undefined || seenAt[number] === at) continue;
      seenAt[number] = at;
      if (state.kind === "one") then.push(number);
      else if (state.kind === "split") waiting.push(state.other, state.next);
      else if (state.kind === "found") isFound = true;
      else if (state.kind === "place" ? state.isHere(points, at) : isSo(state.look, at))
        waiting.push(state.next);
    }
  };

  for (let step = 0; step <= points.length; step++) {
    const at = isBackward ? points.length - step : step;
    if (step > 0) {
      const point = points[isBackward ? at : at - 1] ?? 0;
      [now, then] = [then, now];
      then.length = 0;
      for (const number of now) {
        const state = states[number];
        if (state?.kind === "one" && state.of.has(point, steps)) enter(state.next, at);
      }
    }
    enter(start, at);
    if (isFound && found === null) return true;
    if (isFound && found !== null) found[at] = 1;
    isFound = false;
  }
  return false;
}
