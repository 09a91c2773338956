/** POST …/stop: a signal, then SIGKILL after a time; both from the body, the config or Fly's defaults (docs: Stop a Machine). */

import type { Operation } from "../app.ts";
import { untilLeaseAllows } from "../machines/lease.ts";
import { stopPlan } from "../machines/stop-plan.ts";
import { bodyOf, machineOf } from "../request.ts";

export const stopMachine: Operation = async (c, parts) => {
  const body = await bodyOf(c);
  const plan = stopPlan(machineOf(c, parts.host.registry).config, body);
  const { id } = await untilLeaseAllows(c, parts);
  parts.host.stop(id, plan);
  return c.json({ ok: true });
};
