/**
 * A Machine belongs to the level of isolation that it was made at, and a server can be started again with another one: which
 * must neither run it, as what was checked for a sandbox may not hold elsewhere, nor remove what it never made.
 */

import { precondition } from "../error.ts";
import type { Level } from "../processes/level.ts";
import type { Machine } from "./machine.ts";

/** Why a Machine can not be run at this level, or null. */
export function otherLevelRefusal({ isolation }: Machine, level: Level): string | null {
  return isolation === level.name
    ? null
    : `the machine was made at isolation level "${isolation}" and this server runs machines at level "${level.name}": start the server with --isolation ${isolation}, or destroy the machine and create it anew`;
}

/**
 * For calls that would run it.
 * @throws ApiError 412
 */
export function refuseOtherLevel(machine: Machine, level: Level): void {
  // All others of another level are on their way out, and refused for that.
  const refusal = machine.state === "stopped" ? otherLevelRefusal(machine, level) : null;
  if (refusal !== null) throw precondition(refusal);
}
