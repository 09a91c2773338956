/** DELETE /v1/apps/{app}/machines/{id}: one that runs only by force; answers at once (docs: Delete a Machine). */

import type { Operation } from "../app.ts";
import { precondition } from "../error.ts";
import { untilLeaseAllows } from "../machines/lease.ts";
import { flag, machineOf } from "../request.ts";

const IDLE = ["created", "launch_failed", "stopped", "suspended", "destroying", "destroyed"];

export const destroyMachine: Operation = async (c, parts) => {
  // The docs say `force`, fly-go and fly-admin send `kill`.
  const isForced = [flag(c, "force"), flag(c, "kill")].includes(true);
  const refuse = (state: string) => {
    if (!isForced && !IDLE.includes(state))
      throw precondition("unable to destroy machine, not currently stopped, suspended, failed or created");
  };
  refuse(machineOf(c, parts.host.registry).state);
  const machine = await untilLeaseAllows(c, parts);
  refuse(machine.state);
  void parts.host.destroy(machine, "user");
  return c.json({ ok: true });
};
