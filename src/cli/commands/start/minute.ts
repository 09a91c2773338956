/** The worker's cron, which wrangler does not fire by itself: once at the start, then each minute. */

const MINUTE_MS = 60_000;
/** Miniflare's way to call a worker's `scheduled` handler. */
const SCHEDULED = "/cdn-cgi/local/scheduled?cron=*+*+*+*+*";

/** @returns what ends it */
export function fireEachMinute(url: string): () => void {
  // A minute that fails is made up for by the next; the worker's log has the reason.
  const fire = () =>
    void fetch(`${url}${SCHEDULED}`, { method: "POST", signal: AbortSignal.timeout(MINUTE_MS) }).catch(
      () => undefined,
    );
  fire();
  const timer = setInterval(fire, MINUTE_MS);
  return () => clearInterval(timer);
}
