/** The memory of a running Machine, as the memory calls show and change it (Fly's OpenAPI document of 2026). */

import { notImplemented, precondition } from "../error.ts";
import type { GuestMemory, Level } from "../processes/level.ts";
import { hasProc, usedMemoryMb } from "../processes/stats.ts";
import { GUEST_DEFAULT, type Guest } from "./guest.ts";
import type { Host } from "./host.ts";
import { type Machine, memoryMbOf } from "./machine.ts";

export const MIB = 1 << 20;

/** The most that it may ever have, in MiB: a Machine may be made with more than it has at first (fly-go, MachineGuest). */
export function memoryMaxMb({ config }: Machine): number {
  const { memory_mb, max_memory_mb }: Guest & { max_memory_mb?: unknown } = config.guest ?? GUEST_DEFAULT;
  return Math.max(memory_mb, typeof max_memory_mb === "number" ? max_memory_mb : 0);
}

/** @throws ApiError 412 where it does not run */
export function memoryIn(machine: Machine, host: Host): { available_mb: number; limit_mb: number } {
  if (!hasProc()) throw notImplemented("the memory of machines on a computer without a /proc");
  const pids = host.processes(machine.id);
  if (pids === null) throw precondition("machine not running");
  const limit = memoryMbOf(machine);
  return { available_mb: Math.max(0, limit - usedMemoryMb(pids)), limit_mb: limit };
}

/**
 * Does something with the memory that it is held to.
 * @throws ApiError 412 where it does not run, or not any more, or may use as much as it likes
 */
export async function withMemory<T>(
  machine: Machine,
  host: Host,
  act: (memory: GuestMemory) => Promise<T>,
): Promise<T> {
  memoryIn(machine, host);
  const memory = host.memory(machine.id);
  if (memory === null)
    throw precondition(`nothing holds machines to their memory here: ${lackOf(host.level)}`);
  // It may end meanwhile, which takes away what holds it, or even run anew.
  const isGone = () => host.memory(machine.id) !== memory;
  const outcome = await act(memory).catch((error: unknown) => {
    throw isGone() ? precondition("machine not running") : error;
  });
  if (isGone()) throw precondition("machine not running");
  return outcome;
}

function lackOf(level: Level): string {
  if (level.name === "container")
    return 'the server runs them at isolation level "container", whose limits are the engine\'s and set once; level "sandbox" changes them';
  return level.name === "process"
    ? 'the server runs them at isolation level "process"; level "sandbox" has limits'
    : "the server was started without limits (--no-limits)";
}
