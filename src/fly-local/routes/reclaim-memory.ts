/**
 * POST …/memory/reclaim: the kernel takes back what it can of the Machine's memory, such as cached files (Fly's OpenAPI
 * document of 2026). The answer says how much that was, which can be less, and by cgroups of version 1 more.
 */

import { z } from "zod";
import type { Operation } from "../app.ts";
import { invalid, precondition } from "../error.ts";
import { MIB, memoryMaxMb, withMemory } from "../machines/memory.ts";
import { bodyOf, machineOf } from "../request.ts";

export const reclaimMemory: Operation = async (c, { host }) => {
  const { amount_mb } = await bodyOf(c);
  const machine = machineOf(c, host.registry);
  const most = memoryMaxMb(machine);
  const amount = z.int().min(1).max(most).safeParse(amount_mb);
  if (!amount.success)
    throw invalid(`amount_mb: a whole number of MiB from 1 to ${most}, the machine's memory, is expected`);
  const bytes = await withMemory(machine, host, async ({ reclaim }) => {
    if (reclaim !== null) return reclaim(amount.data * MIB);
    throw precondition(
      "memory can be reclaimed only where cgroups hold machines to it, and here it is watched over; mayfly doctor says why",
    );
  });
  return c.json({ actual_mb: Math.floor(bytes / MIB) });
};
