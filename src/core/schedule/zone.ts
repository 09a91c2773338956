/**
 * Time zones: how far local clocks are from UTC, and when that changes. The platform's Intl knows; it tells the offset of one moment at
 * a time, so the changes are searched for, once for each stretch of time that is asked about.
 */

import { ZONE_BLOCKS_KEPT_MAX, ZONES_KEPT_MAX } from "../limits.ts";
import { DAY_MS } from "./calendar.ts";
import { Kept } from "./kept.ts";

/** A stretch of time, in epoch milliseconds, in which clocks keep their distance from UTC. */
export interface Stretch {
  from: number;
  /** The first moment after it. Clocks need not change there: it can be where the search ended. */
  to: number;
  /** Milliseconds to add to UTC for local time. */
  offsetMs: number;
  /** The same just before `from`: with it they differ where clocks change there. */
  offsetBeforeMs: number;
}

/** Time is searched in blocks of so many milliseconds, about 25 days … */
const BLOCK_MS = 2 ** 31;
/** … at moments so far apart, some nine hours. Two changes within it that undo each other would be overlooked; no zone has any. */
const STEP_MS = BLOCK_MS / 64;
/** A block tells of the changes in so much time before it, too: no clock was ever set by more than a day. */
const OVERLAP_MS = 4 * STEP_MS;

const ALWAYS: Stretch = {
  from: Number.NEGATIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
  offsetMs: 0,
  offsetBeforeMs: 0,
};

/** The stretch that a moment lies in. If clocks changed in the day before it, it begins there or the one before it did. */
export function stretchAt(timeZone: string, atMs: number): Stretch {
  if (timeZone === "UTC") return ALWAYS;
  const block = Math.floor(atMs / BLOCK_MS);
  const stretches = blocks.get(`${block} ${timeZone}`, () => stretchesOf(timeZone, block));
  const stretch = stretches.findLast(({ from }) => from <= atMs);
  if (stretch === undefined) throw new Error(`block ${block} of ${timeZone} does not have ${atMs}`);
  return stretch;
}

const blocks = new Kept<readonly Stretch[]>(ZONE_BLOCKS_KEPT_MAX);

function stretchesOf(timeZone: string, block: number): Stretch[] {
  const offsetAt = offsetOf(timeZone);
  const start = block * BLOCK_MS - OVERLAP_MS;
  const end = (block + 1) * BLOCK_MS;
  const stretches: Stretch[] = [];
  let offsetMs = offsetAt(start);
  let last: Stretch = { from: start, to: end, offsetMs, offsetBeforeMs: offsetMs };
  for (let before = start, at = start + STEP_MS; at <= end; before = at, at += STEP_MS) {
    const next = offsetAt(at);
    if (next === offsetMs) continue;
    const change = changeBetween(offsetAt, before, at, next);
    stretches.push({ ...last, to: change });
    last = { from: change, to: end, offsetMs: next, offsetBeforeMs: offsetMs };
    offsetMs = next;
  }
  return [...stretches, last];
}

/** The first moment, to the second, with the later offset. */
function changeBetween(
  offsetAt: (ms: number) => number,
  beforeMs: number,
  afterMs: number,
  later: number,
): number {
  let before = Math.floor(beforeMs / 1000);
  let after = Math.ceil(afterMs / 1000);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle * 1000) === later) after = middle;
    else before = middle;
  }
  return after * 1000;
}

const formats = new Kept<Intl.DateTimeFormat>(ZONES_KEPT_MAX);

/** The offset as Intl writes it: "GMT", "GMT+05:30", or "GMT-00:44:30". */
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

function offsetOf(timeZone: string): (ms: number) => number {
  const format = formats.get(
    timeZone,
    // Some field has to go with the zone's name; this one costs the least.
    () => new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset", weekday: "narrow" }),
  );
  return (ms) => {
    const text = format.format(ms);
    const match = OFFSET.exec(text);
    if (match === null) throw new Error(`Intl wrote "${text}" for ${timeZone}, which has no offset`);
    const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
    return (sign === "-" ? -1000 : 1000) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  };
}

/** The furthest that any local clock is from UTC, with room. */
export const OFFSET_MAX_MS = DAY_MS;
