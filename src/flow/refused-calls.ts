/**
 * Calls of hooks that were not let in, counted so that somebody whose sender has a wrong secret sees them. Anybody can make such calls: they are
 * counted in memory, and written once a minute for each hook, and so often in all. What is counted when the memory goes is lost. Whether there is a hook of
 * an id nobody here knows: what no hook has is treated the same, and its write changes nothing. So calls of many such ids take the places of others,
 * whose counts say too little then; those of another length, which a URL has room for, are remembered as one.
 */

import type { RefusedCalls } from "../core/hook/hook.ts";
import { HOOK_ID_CHARS } from "../core/id.ts";
import { REFUSED_CALLS_EVERY_MS, REFUSED_CALLS_IDS_MAX, REFUSED_CALLS_WRITES_MAX } from "../core/limits.ts";

export interface RefusedCallsCounter {
  /**
   * Counts a call.
   * @param id what the URL that was called ends with
   * @returns what is to be written now of that id; null where that can wait
   */
  count(id: string, at: number): RefusedCalls | null;
}

/** What is remembered of an id. */
interface Counted {
  calls: number;
  since: number;
  writtenAt: number | null;
}

export function refusedCallsCounter(): RefusedCallsCounter {
  /** Those that were called last are last. */
  const known = new Map<string, Counted>();
  let span = 0;
  let writes = 0;

  /** Whether one write more may be made in this minute. */
  function mayWrite(at: number): boolean {
    const now = Math.floor(at / REFUSED_CALLS_EVERY_MS);
    if (now !== span) [span, writes] = [now, 0];
    return writes++ < REFUSED_CALLS_WRITES_MAX;
  }

  return {
    count(called, at) {
      const id = called.length === HOOK_ID_CHARS ? called : "";
      const { calls, since, writtenAt } = known.get(id) ?? { calls: 0, since: at, writtenAt: null };
      const counted = { calls: calls + 1, since: calls === 0 ? at : since, writtenAt };
      known.delete(id);
      known.set(id, counted);
      const [oldest = id] = known.keys();
      if (known.size > REFUSED_CALLS_IDS_MAX) known.delete(oldest);
      if (writtenAt !== null && Math.abs(at - writtenAt) < REFUSED_CALLS_EVERY_MS) return null;
      if (!mayWrite(at)) return null;
      known.set(id, { calls: 0, since: at, writtenAt: at });
      return { calls: counted.calls, since: counted.since, lastAt: at };
    },
  };
}
