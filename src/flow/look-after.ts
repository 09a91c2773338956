/** Look after a run that somebody asks about: a driver that was lost with its worker goes on then, and not at the next sweep. */

import { SHOWN_QUIET_MS } from "../core/limits.ts";
import type { RunState } from "../core/run.ts";
import type { Clock, Drivers } from "./ports.ts";

/**
 * Wakes the driver of an open run that has had no news for a while, counted from the time until which it rests where it does. One that
 * is at work hardly notices. What was asked does not depend on it: a driver that does not answer is left to the sweep.
 */
export async function lookAfter(
  ports: { drivers: Pick<Drivers, "wake">; clock: Clock },
  { run }: RunState,
): Promise<void> {
  const now = ports.clock.now();
  if (!run.open || now - Math.max(run.updatedAt, run.restsUntil ?? 0) < SHOWN_QUIET_MS) return;
  await ports.drivers.wake(run.id).catch(() => undefined);
}
