/** Spans of time and ages as pages show them: short, and of even width while they tick. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "340 ms", "1.24 s", "12.3 s", "3m 05s", "2h 07m", "3d 04h". */
export function elapsed(ms: number): string {
  const span = Math.max(0, ms);
  if (span < SECOND) return `${Math.round(span)} ms`;
  if (span < 10 * SECOND) return `${(Math.floor(span / 10) / 100).toFixed(2)} s`;
  if (span < MINUTE) return `${(Math.floor(span / 100) / 10).toFixed(1)} s`;
  if (span < HOUR) return pair(span, MINUTE, "m", SECOND, "s");
  return span < DAY ? pair(span, HOUR, "h", MINUTE, "m") : pair(span, DAY, "d", HOUR, "h");
}

/** {@link elapsed} for a span that still grows: whole seconds, so that it does not flicker. The first has begun, so it is not 0 s. */
export function elapsedSoFar(ms: number): string {
  const span = Math.max(0, ms);
  if (span < SECOND) return "under 1 s";
  return span < MINUTE ? `${Math.floor(span / SECOND)} s` : elapsed(span);
}

/** "just now", "12s ago", "3m ago", "5h ago", "6d ago"; after two weeks the date. */
export function age(atMs: number, nowMs: number): string {
  const span = nowMs - atMs;
  if (span < 5 * SECOND) return "just now";
  if (span < MINUTE) return `${Math.floor(span / SECOND)}s ago`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)}m ago`;
  if (span < DAY) return `${Math.floor(span / HOUR)}h ago`;
  return span < 14 * DAY ? `${Math.floor(span / DAY)}d ago` : new Date(atMs).toISOString().slice(0, 10);
}

/** "in 12 s", "in 3m 05s", "in 2h 07m"; "now" once the time has come. */
export function until(atMs: number, nowMs: number): string {
  return atMs <= nowMs ? "now" : `in ${elapsedSoFar(atMs - nowMs)}`;
}

/** "2026-11-21 10:42:26.120 UTC" for a title, where people look for the exact time. */
export function exactTime(iso: string): string {
  return new Date(iso).toISOString().replace("T", " ").replace("Z", " UTC");
}

function pair(span: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = String(Math.floor((span % big) / small)).padStart(2, "0");
  return `${Math.floor(span / big)}${bigUnit} ${rest}${smallUnit}`;
}
