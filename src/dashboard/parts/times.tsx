/** Moments and spans. The script keeps those with `data-age`, `data-due` and `data-since` going; without it they are right at loading. */

import { clockTime } from "../words/clock-time.ts";
import { age, elapsed, elapsedSoFar, exactTime, until } from "../words/elapsed.ts";

/** "3m ago", with the exact time as title. */
export function Age({ at, nowMs }: { at: string; nowMs: number }) {
  return (
    <time datetime={at} title={exactTime(at)} data-age={at}>
      {age(Date.parse(at), nowMs)}
    </time>
  );
}

/** How long something took, or has been taking while `to` is null. */
export function Duration({ from, to, nowMs }: { from: string; to: string | null; nowMs: number }) {
  if (to !== null) return <span class="num">{elapsed(Date.parse(to) - Date.parse(from))}</span>;
  return (
    <span class="num" data-since={from}>
      {elapsedSoFar(nowMs - Date.parse(from))}
    </span>
  );
}

/** "in 3h 10m", with the exact time as title. */
export function Until({ at, nowMs }: { at: string; nowMs: number }) {
  return (
    <time datetime={at} title={exactTime(at)} data-due={at}>
      {until(Date.parse(at), nowMs)}
    </time>
  );
}

interface ClockTimeProps {
  at: string;
  zone: string | null;
  /** False where the zone's name stands above it. */
  namesZone?: boolean;
}

/**
 * A moment by the clocks of a time zone, where one counts, and by UTC's. The script puts the reader's own clocks in the place of UTC's,
 * which stay in the title.
 */
export function ClockTime({ at, zone, namesZone = true }: ClockTimeProps) {
  const atMs = Date.parse(at);
  const here = (
    <time datetime={at} title={exactTime(at)} data-local={at} hidden={zone === "UTC"}>
      {`${clockTime(atMs, "UTC")} UTC`}
    </time>
  );
  if (zone === null) return <span class="clock">{here}</span>;
  return (
    <span class="clock">
      <time datetime={at} title={exactTime(at)}>
        {clockTime(atMs, zone)}
      </time>
      {namesZone && <span class="zone">{` ${zone.replaceAll("_", " ")}`}</span>}
      <span class="here">{here}</span>
    </span>
  );
}
