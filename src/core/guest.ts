/**
 * Machine sizes by Fly's guest rules: shared CPUs 1, 2, 4, 6, 8 with 256 to 2048 MB each; performance CPUs 1, 2, 4
 * … 16 with 2048 to 8192 MB each; memory in steps of 256 MB (fly-go's machine presets).
 */

import type { Guest } from "./run-spec.ts";

interface KindRule {
  cpus: readonly number[];
  memoryMbPerCpuMin: number;
  memoryMbPerCpuMax: number;
}

export const GUEST_RULES: Record<Guest["cpuKind"], KindRule> = {
  shared: { cpus: [1, 2, 4, 6, 8], memoryMbPerCpuMin: 256, memoryMbPerCpuMax: 2048 },
  performance: { cpus: [1, 2, 4, 6, 8, 10, 12, 14, 16], memoryMbPerCpuMin: 2048, memoryMbPerCpuMax: 8192 },
};

export const MEMORY_STEP_MB = 256;

/** The named sizes ("shared-cpu-1x", "performance-2x") with the least memory of each, which is Fly's default for them. */
export const GUEST_SIZES: Record<string, Guest> = Object.fromEntries(
  (["shared", "performance"] as const).flatMap((cpuKind) =>
    GUEST_RULES[cpuKind].cpus.map((cpus): [string, Guest] => [
      cpuKind === "shared" ? `shared-cpu-${cpus}x` : `performance-${cpus}x`,
      { cpuKind, cpus, memoryMb: cpus * GUEST_RULES[cpuKind].memoryMbPerCpuMin },
    ]),
  ),
);

/**
 * The size after this one: twice the memory, on the least CPUs of its kind that can have it. At most the kind's largest;
 * null where the guest has that already.
 */
export function nextSize(guest: Guest): Guest | null {
  const { cpus, memoryMbPerCpuMax } = GUEST_RULES[guest.cpuKind];
  const most = Math.max(...cpus) * memoryMbPerCpuMax;
  if (guest.memoryMb >= most) return null;
  const memoryMb = Math.min(2 * guest.memoryMb, most);
  const enough = cpus.find((count) => count >= guest.cpus && count * memoryMbPerCpuMax >= memoryMb);
  return { cpuKind: guest.cpuKind, cpus: enough ?? guest.cpus, memoryMb };
}

/** A complaint about a guest: the field that is wrong and a sentence that lists what is possible. */
export interface GuestComplaint {
  field: "cpus" | "memory_mb";
  message: string;
}

/** Checks a guest against Fly's rules. Returns null where Fly would take it. */
export function guestComplaint(guest: Guest): GuestComplaint | null {
  const rule = GUEST_RULES[guest.cpuKind];
  if (!rule.cpus.includes(guest.cpus))
    return {
      field: "cpus",
      message: `${guest.cpus} ${guest.cpuKind} CPUs are not possible; possible are ${rule.cpus.join(", ")}`,
    };
  const min = guest.cpus * rule.memoryMbPerCpuMin;
  const max = guest.cpus * rule.memoryMbPerCpuMax;
  if (guest.memoryMb < min || guest.memoryMb > max || guest.memoryMb % MEMORY_STEP_MB !== 0)
    return {
      field: "memory_mb",
      message: `${guest.memoryMb} MB are not possible with ${guest.cpus} ${guest.cpuKind} CPU${guest.cpus > 1 ? "s" : ""}; possible are ${min} to ${max} in steps of ${MEMORY_STEP_MB}`,
    };
  return null;
}
