/** The worker's cron, which wrangler does not fire by itself: once after the start, then each minute. */

import { setTimeout as sleep } from "node:timers/promises";
import { AFTER_START, EACH_MINUTE } from "../../../core/cron.ts";
import { repeatDelayMs } from "../../../core/poll.ts";

const MINUTE_MS = 60_000;
const PAUSE_FIRST_MS = 250;

/**
 * The first brings back the runs whose drivers went with a worker before this one: those that have lasted less than
 * `DRIVER_ARMED_AFTER_MS` have no alarm, and that of the others is up to `DRIVER_ALARM_MS` off. Those of each minute leave a
 * run alone while its news is fresh, so the first is fired until it succeeds.
 * @returns what ends it
 */
export function fireEachMinute(url: string): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  // One that fails is made up for by the next; the worker's log has the reason.
  const fire = async (cron: string) => {
    try {
      const timeout = AbortSignal.timeout(MINUTE_MS);
      const answer = await fetch(scheduled(url, cron), {
        method: "POST",
        signal: AbortSignal.any([signal, timeout]),
      });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  };
  void (async () => {
    for (let failures = 1; !(await fire(AFTER_START)); failures++)
      await sleep(repeatDelayMs(failures, PAUSE_FIRST_MS, MINUTE_MS), null, { signal });
  })().catch(() => undefined);
  const timer = setInterval(fire, MINUTE_MS, EACH_MINUTE);
  return () => {
    clearInterval(timer);
    ending.abort();
  };
}

/** Miniflare's way to call a worker's `scheduled` handler. */
function scheduled(url: string, cron: string): string {
  return `${url}/cdn-cgi/local/scheduled?${new URLSearchParams({ cron })}`;
}
