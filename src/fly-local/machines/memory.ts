/** The memory of a running Machine, as the memory calls show and change it (Fly's OpenAPI document of 2026). */

import { notImplemented, precondition } from "../error.ts";
import type { GuestMemory, Level } from "../processes/level.ts";
import { hasProc, usedMemoryMb } from "../processes/stats.ts";
import type { Host } from "./host.ts";
import { type Machine, memoryMbOf } from "./machine.ts";

export const MIB = 1 << 20;

/** @throws ApiError 412 where it does not run */
export function memoryIn(machine: Machine, host: Host): { available_mb: number; limit_mb: number } {
  if (!hasProc()) throw notImplemented("the memory of machines on a computer without a /proc");
  const pids = host.processes(machine.id);
  if (pids === null) throw precondition("machine not running");
  const limit = memoryMbOf(machine);
  return { available_mb: Math.max(0, limit - usedMemoryMb(pids)), limit_mb: limit };
}

/** @throws ApiError 412 where it does not run, or may use as much as it likes */
export function heldMemory(machine: Machine, host: Host): GuestMemory {
  memoryIn(machine, host);
  const memory = host.memory(machine.id);
  if (memory === null)
    throw precondition(`nothing holds machines to their memory here: ${lackOf(host.level)}`);
  return memory;
}

function lackOf(level: Level): string {
  return level.name === "process"
    ? 'the server runs them at isolation level "process"; level "sandbox" has limits'
    : "the server was started without limits (--no-limits)";
}
