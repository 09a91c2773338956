/**
 * POST …/restart: a stop and a start. `timeout`, `signal` and `force_stop`, which kills at once, are in the query (docs:
 * Restart a Machine) or in the body (fly-admin).
 */

import type { Operation } from "../app.ts";
import { wrongState } from "../error.ts";
import { leasedMachine } from "../machines/lease.ts";
import { refuseOtherLevel } from "../machines/own-level.ts";
import { stopPlan } from "../machines/stop-plan.ts";
import { bodyOf, flag } from "../request.ts";

export const restartMachine: Operation = async (c, parts) => {
  const body = await bodyOf(c);
  const machine = leasedMachine(c, parts);
  refuseOtherLevel(machine, parts.host.level);
  const timeout = c.req.query("timeout") || body.timeout;
  const asked = {
    signal: c.req.query("signal") || body.signal,
    // Seconds without a unit are what the query took before durations.
    timeout: typeof timeout === "string" && /^\d+$/.test(timeout) ? `${timeout}s` : timeout,
  };
  const isForced = flag(c, "force_stop") || body.force_stop === true;
  const plan = stopPlan(machine.config, isForced ? { signal: "SIGKILL" } : asked);
  if (parts.host.restart(machine.id, plan) === null) throw wrongState("restart", machine.state);
  return c.json({ ok: true });
};
