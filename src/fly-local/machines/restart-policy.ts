/** Whether a Machine whose main process ended is started again (docs: Machine restart policy). */

import { RESTART_MAX_RETRIES, RESTART_WINDOW_MS } from "../limits.ts";
import type { ProcessExit } from "../processes/level.ts";
import type { Machine } from "./machine.ts";

/** Instants of restarts that still count against the retries. */
export function recentRestarts(machine: Machine, now: number): readonly number[] {
  return machine.restartedAt.filter((at) => now - at < RESTART_WINDOW_MS);
}

/** A stop that was asked for is never answered by a restart. Absent policy: on-failure. */
export function restartsAfter(machine: Machine, exit: ProcessExit, requested: boolean, now: number): boolean {
  if (requested || machine.stopRequested) return false;
  const { policy = "on-failure", max_retries = RESTART_MAX_RETRIES } = machine.config.restart ?? {};
  if (policy === "always") return true;
  if (policy !== "on-failure" || (exit.code === 0 && exit.signal === null)) return false;
  return recentRestarts(machine, now).length < max_retries;
}
