/** GET …/memory: the Machine's limit and what its processes leave of it, in MiB (Fly's OpenAPI document of 2026). */

import type { Operation } from "../app.ts";
import { notImplemented, precondition } from "../error.ts";
import { GUEST_DEFAULT } from "../machines/guest.ts";
import { hasProc, usedMemoryMb } from "../processes/stats.ts";
import { machineOf } from "../request.ts";

export const getMemory: Operation = (c, { host }) => {
  const { id, config } = machineOf(c, host.registry);
  if (!hasProc()) throw notImplemented(`${c.req.method} ${c.req.path} without a /proc`);
  const pids = host.processes(id);
  if (pids === null) throw precondition("machine not running");
  const limit = (config.guest ?? GUEST_DEFAULT).memory_mb;
  return c.json({ available_mb: Math.max(0, limit - usedMemoryMb(pids)), limit_mb: limit });
};
