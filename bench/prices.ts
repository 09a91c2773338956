/** Cloudflare's price list (Workers Paid, November 2026), beyond the included amounts. */

export const DOLLARS = {
  /** The first 25 billion of a month are included. */
  rowRead: 0.001e-6,
  request: 0.3e-6,
  cpuMs: 0.02e-6,
  durableRequest: 0.15e-6,
  durableSecond: 0.128 * 12.5e-6,
  rowWritten: 1e-6,
};

/** CPU of one run over all its requests; an estimate, printed as such. */
const CPU_MS = 10;
/** How long a short run keeps its driver in memory: on Fly a machine starts in about 5 s and is gone about 2 s after. */
const DRIVER_SECONDS = 8;

export function runCosts(run: { rowsWritten: number; driverRequests: number }): Record<string, number> {
  const million = 1e6;
  const parts = {
    "D1 rows written": run.rowsWritten * DOLLARS.rowWritten * million,
    // A driver stores nothing of its own for a run of less than ten seconds.
    "Durable Object requests": run.driverRequests * DOLLARS.durableRequest * million,
    [`Durable Object duration (${DRIVER_SECONDS} s)`]: DRIVER_SECONDS * DOLLARS.durableSecond * million,
    [`worker request and CPU (${CPU_MS} ms)`]: (DOLLARS.request + CPU_MS * DOLLARS.cpuMs) * million,
  };
  return { ...parts, "all of these": Object.values(parts).reduce((sum, part) => sum + part, 0) };
}
