/** DELETE /v1/apps/{app}/machines/{id}: one that runs only by force; answers at once (docs: Delete a Machine). */

import type { Operation } from "../app.ts";
import { precondition } from "../error.ts";
import { flag, machineOf } from "../request.ts";

const IDLE = ["created", "launch_failed", "stopped", "destroying", "destroyed"];

export const destroyMachine: Operation = (c, { host }) => {
  const machine = machineOf(c, host.registry);
  // The docs say `force`, fly-go and fly-admin send `kill`.
  const isForced = flag(c, "force") || flag(c, "kill");
  if (!isForced && !IDLE.includes(machine.state))
    throw precondition("unable to destroy machine, not currently stopped, suspended, failed or created");
  void host.destroy(machine, "user");
  return c.json({ ok: true });
};
