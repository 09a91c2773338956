/** What local clocks show around their changes, by the book: read off once more, minute by minute, and told by what they showed before. */

const MINUTE = 60_000;
/** No clock that is simulated changes twice within so much time, nor by so much. */
const RECENT_MS = 180 * MINUTE;

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** How far local time is ahead of UTC, in milliseconds. Clocks change at whole minutes. */
function offsetAt(timeZone: string, atMs: number): number {
  if (timeZone === "UTC") return 0;
  const minute = Math.floor(atMs / MINUTE) * MINUTE;
  const key = `${timeZone} ${minute}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" },
    });
  formats.set(timeZone, format);
  const parts = Object.fromEntries(
    format.formatToParts(minute).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 0, day = 0, hour = 0, minute: ofHour = 0 } = parts;
  const offset = Date.UTC(year, month - 1, day, hour, ofHour) - minute;
  offsets.set(key, offset);
  return offset;
}

/** Local times that a moment stands for, spelt as if they were UTC. */
export interface Shown {
  now: number;
  /** Clocks have shown that before. */
  isRepeated: boolean;
  /** What they would show if they had not been put forward lately, where they never show that; else null. */
  skipped: number | null;
}

export function shownAt(timeZone: string, atMs: number): Shown {
  const offset = offsetAt(timeZone, atMs);
  const before = offsetAt(timeZone, atMs - RECENT_MS);
  const now = atMs + offset;
  const isRepeated = before > offset && offsetAt(timeZone, now - before) === before;
  const unchanged = atMs + before;
  const isSkipped = before < offset && offsetAt(timeZone, unchanged - offset) !== offset;
  return { now, isRepeated, skipped: isSkipped ? unchanged : null };
}
