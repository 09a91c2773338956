/**
 * PUT …/memory: what the Machine's processes may use from now on, until they end; its size stays what the config says (Fly's
 * OpenAPI document of 2026). Less than they use is refused: it would have to be taken by killing them.
 */

import { z } from "zod";
import type { Operation } from "../app.ts";
import { invalid, precondition } from "../error.ts";
import { leasedMachine } from "../machines/lease.ts";
import { MIB, memoryIn, memoryMaxMb, withMemory } from "../machines/memory.ts";
import { MemoryInUse } from "../processes/level.ts";
import { bodyOf, machineOf } from "../request.ts";

export const setMemory: Operation = async (c, parts) => {
  const body = await bodyOf(c);
  const machine = leasedMachine(c, parts);
  const most = memoryMaxMb(machine);
  const limit = z.int().min(1).max(most).safeParse(body.limit_mb);
  if (!limit.success)
    throw invalid(`limit_mb: a whole number of MiB from 1 to ${most}, the machine's memory, is expected`);
  const { host } = parts;
  try {
    await withMemory(machine, host, (memory) => memory.limit(limit.data * MIB));
  } catch (error) {
    if (!(error instanceof MemoryInUse)) throw error;
    const usedMb = Math.ceil(error.usedBytes / MIB);
    throw precondition(`the machine uses ${usedMb} MiB of memory, and can not be held to ${limit.data} MiB`);
  }
  host.registry.apply(machine.id, { kind: "memory_limited", mb: limit.data });
  return c.json(memoryIn(machineOf(c, host.registry), host));
};
