/** What fires the sweeps, as the worker's `scheduled` handler is told. */

/** Each minute: the cron in wrangler.toml. */
export const EACH_MINUTE = "* * * * *";
/**
 * Once after a worker was started whose drivers were all lost before, as on one computer: no run is left to a driver because its news is
 * fresh. Nothing fires it on Cloudflare, where a deployment has many isolates and none is the first.
 */
export const AFTER_START = "after start";
