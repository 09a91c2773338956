/** Makes a failing story shorter: the same seed, with as few of its faults as still break the same promise. */

import { type Played, simulate } from "./simulate.ts";

/** Plays at most; each takes some milliseconds. */
const PLAYS_MAX = 400;

export async function shrink(failing: Played): Promise<Played> {
  let shortest = failing;
  let without: ReadonlySet<string> = new Set();
  let plays = 0;
  let size = Math.ceil(failing.faults.length / 2);
  while (size >= 1 && plays < PLAYS_MAX) {
    let shorter = false;
    for (let from = 0; from < shortest.faults.length && plays < PLAYS_MAX; ) {
      const tried = new Set([...without, ...shortest.faults.slice(from, from + size)]);
      const played = await simulate(failing.seed, tried);
      plays += 1;
      if (played.violation?.check === failing.violation?.check && isShorter(played, shortest)) {
        // What stands at this place now are other faults.
        [shortest, without, shorter] = [played, tried, true];
      } else from += size;
    }
    if (!shorter || size > shortest.faults.length) size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  return shortest;
}

function isShorter(a: Played, b: Played): boolean {
  return a.faults.length < b.faults.length || (a.faults.length === b.faults.length && a.steps < b.steps);
}
