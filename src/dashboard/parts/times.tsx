/** Moments and spans. The script keeps those with `data-age` and `data-since` going; without it they are right at loading. */

import { age, elapsed, elapsedSoFar, exactTime } from "../words/elapsed.ts";

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
