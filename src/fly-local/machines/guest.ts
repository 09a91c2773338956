/** Fly's rules for machine sizes, refused in Fly's words (fly-go's presets; observed errors). */

import type { z } from "zod";
import type { wireGuest } from "../../fly/wire.ts";
import { ApiError } from "../error.ts";

export type Guest = z.infer<typeof wireGuest>;

const RULES = {
  shared: { cpus: [1, 2, 4, 6, 8], minMb: 256, maxMb: 2048 },
  performance: { cpus: [1, 2, 4, 6, 8, 10, 12, 14, 16], minMb: 2048, maxMb: 8192 },
};
const STEP_MB = 256;

/** What a Machine without `config.guest` is. */
export const GUEST_DEFAULT: Guest = { cpu_kind: "shared", cpus: 1, memory_mb: 256 };

/** Writes out the alias `size` ("shared-cpu-2x", "performance-1x"), as fly-go's presets have it. Null is as good as none. */
export function expandedGuest(guest: unknown): unknown {
  if (typeof guest !== "object" || guest === null) return guest ?? undefined;
  const { size, ...rest } = guest as Record<string, unknown>;
  if (size === undefined || size === null || size === "") return guest;
  const [, kind, cpus] = /^(shared-cpu|performance)-(\d+)x$/.exec(String(size)) ?? [];
  if (kind === undefined) throw bad(`invalid config.guest.size "${size}"`);
  const cpu_kind = kind === "performance" ? kind : "shared";
  return { cpu_kind, cpus: Number(cpus), memory_mb: Number(cpus) * RULES[cpu_kind].minMb, ...rest };
}

/** Throws where Fly would refuse this guest. */
export function checkGuest(guest: unknown): asserts guest is Guest {
  const { cpu_kind, cpus, memory_mb } = (guest ?? {}) as Record<string, unknown>;
  if (cpu_kind !== "shared" && cpu_kind !== "performance") throw bad("invalid config.guest.cpu_kind");
  const rule = RULES[cpu_kind];
  if (typeof cpus !== "number" || !rule.cpus.includes(cpus)) throw bad("invalid config.guest.cpus");
  const memory = "invalid config.guest.memory_mb";
  if (typeof memory_mb !== "number" || memory_mb < cpus * rule.minMb)
    throw bad(`${memory}, minimum required ${cpus * rule.minMb} MiB`);
  if (memory_mb > cpus * rule.maxMb) throw bad(`${memory}, cannot exceed ${cpus * rule.maxMb} MiB`);
  if (memory_mb % STEP_MB !== 0) throw bad(`${memory}, must be a multiple of ${STEP_MB} MiB`);
}

function bad(message: string): ApiError {
  return new ApiError(400, message);
}
