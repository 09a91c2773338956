/**
 * POST …/memory/reclaim: the kernel takes back what it can of the Machine's memory, such as cached files (Fly's OpenAPI
 * document of 2026). The answer says how much that was, which can be less, and by cgroups of version 1 more.
 */

import { z } from "zod";
import type { Operation } from "../app.ts";
import { invalid, precondition } from "../error.ts";
import { heldMemory, MIB } from "../machines/memory.ts";
import { bodyOf, machineOf } from "../request.ts";

export const reclaimMemory: Operation = async (c, { host }) => {
  const amount = z
    .int()
    .min(1)
    .safeParse((await bodyOf(c)).amount_mb);
  if (!amount.success) throw invalid("amount_mb: a whole number of MiB from 1 on is expected");
  const { reclaim } = heldMemory(machineOf(c, host.registry), host);
  if (reclaim === null)
    throw precondition(
      "memory can be reclaimed only where cgroups hold machines to it, and here it is watched over; mayfly doctor says why",
    );
  return c.json({ actual_mb: Math.floor((await reclaim(amount.data * MIB)) / MIB) });
};
