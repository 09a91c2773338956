/** The worker's cron, which wrangler does not fire by itself: once after the start, then each minute. */

import { AFTER_START, EACH_MINUTE } from "../../../core/cron.ts";

const MINUTE_MS = 60_000;

/**
 * The first brings back the runs whose drivers went with a worker before this one: those that have lasted less than
 * `DRIVER_ARMED_AFTER_MS` have no alarm, and that of the others is up to `DRIVER_ALARM_MS` off.
 * @returns what ends it
 */
export function fireEachMinute(url: string): () => void {
  // A minute that fails is made up for by the next; the worker's log has the reason.
  const fire = (cron: string) =>
    void fetch(scheduled(url, cron), { method: "POST", signal: AbortSignal.timeout(MINUTE_MS) }).catch(
      () => undefined,
    );
  fire(AFTER_START);
  const timer = setInterval(fire, MINUTE_MS, EACH_MINUTE);
  return () => clearInterval(timer);
}

/** Miniflare's way to call a worker's `scheduled` handler. */
function scheduled(url: string, cron: string): string {
  return `${url}/cdn-cgi/local/scheduled?${new URLSearchParams({ cron })}`;
}
