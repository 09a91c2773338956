/**
 * POST …/suspend: the processes stay, stopped where they are, until a start lets them go on (docs: Machine suspend and
 * resume, which also names who can not be suspended). They do not outlive this server.
 */

import type { WireConfig } from "../../fly/wire.ts";
import type { Operation } from "../app.ts";
import { precondition, wrongState } from "../error.ts";
import { SUSPEND_MEMORY_MAX_MB } from "../limits.ts";
import { leasedMachine } from "../machines/lease.ts";

export const suspendMachine: Operation = (c, parts) => {
  const { id, state, config } = leasedMachine(c, parts);
  const obstacle = obstacleIn(config);
  if (obstacle !== null) throw precondition(`unable to suspend machine: ${obstacle}`);
  if (state !== "suspended" && state !== "suspending" && parts.host.suspend(id) === null)
    throw wrongState("suspend", state);
  return c.json({ ok: true });
};

function obstacleIn(config: WireConfig): string | null {
  const { guest, init, schedule } = config;
  if ((guest?.memory_mb ?? 0) > SUSPEND_MEMORY_MAX_MB)
    return `it has more than ${SUSPEND_MEMORY_MAX_MB} MiB of memory`;
  if (init?.swap_size_mb) return "it has swap";
  if (schedule) return "it has a schedule";
  if (guest !== undefined && "gpus" in guest && guest.gpus) return "it has a GPU";
  return null;
}
