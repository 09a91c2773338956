/** Spans of time as people read them. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "340 ms", "1.24 s", "12.3 s", "3m 05s", "2h 07m", "3d 04h". */
export function span(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < SECOND) return `${Math.round(whole)} ms`;
  if (whole < 10 * SECOND) return `${(Math.floor(whole / 10) / 100).toFixed(2)} s`;
  if (whole < MINUTE) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`;
  if (whole < HOUR) return pair(whole, MINUTE, "m", SECOND, "s");
  return whole < DAY ? pair(whole, HOUR, "h", MINUTE, "m") : pair(whole, DAY, "d", HOUR, "h");
}

/** How long ago, in one unit: "12s", "3m", "5h", "6d". */
export function age(atMs: number, nowMs: number): string {
  const whole = Math.max(0, nowMs - atMs);
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m`;
  return whole < 2 * DAY ? `${Math.floor(whole / HOUR)}h` : `${Math.floor(whole / DAY)}d`;
}

function pair(whole: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = String(Math.floor((whole % big) / small)).padStart(2, "0");
  return `${Math.floor(whole / big)}${bigUnit} ${rest}${smallUnit}`;
}
