/** A storm of the Machines API: each kind of call fails in several ways, each a small share of the time, drawn from a seed. */

import { CAPACITY_SHAPE_NAMES } from "../../../src/fly-local/faults/capacity.ts";
import type { Stack } from "../../support/stack.ts";

const FOREVER = 1_000_000;

/** Shares of calls. What one of the faults lets pass the next may meet. */
const FAULTS = [
  { operation: "create", kind: "drop", probability: 0.04 },
  { operation: "create", kind: "error_after", status: 504, probability: 0.03 },
  { operation: "create", kind: "error_after", status: 408, probability: 0.02 },
  { operation: "create", kind: "error_before", status: 429, probability: 0.05 },
  { operation: "create", kind: "error_before", status: 500, probability: 0.03 },
  { operation: "create", kind: "late", delay_ms: 400, probability: 0.05 },
  ...CAPACITY_SHAPE_NAMES.filter((shape) => !["plan", "quota"].includes(shape)).map((shape) => ({
    operation: "create",
    kind: "no_capacity",
    shape,
    probability: 0.006,
  })),
  // Two in a row are believed, and a quick command whose machine is gone by then would run again (ARCHITECTURE, the table of guarantees).
  { operation: "list", kind: "empty", probability: 0.03 },
  { operation: "list", kind: "error_before", status: 502, probability: 0.1 },
  { operation: "get", kind: "error_before", status: 500, probability: 0.1 },
  { operation: "get", kind: "drop", probability: 0.03 },
  { operation: "wait", kind: "error_before", status: 404, probability: 0.03 },
  { operation: "wait", kind: "error_before", status: 503, probability: 0.05 },
  { operation: "wait", kind: "drop", probability: 0.03 },
  { operation: "exec", kind: "error_before", status: 412, probability: 0.03 },
  { operation: "exec", kind: "error_before", status: 429, probability: 0.03 },
  { operation: "exec", kind: "error_after", status: 500, probability: 0.03 },
  { operation: "exec", kind: "drop", probability: 0.03 },
  { operation: "signal", kind: "error_before", status: 500, probability: 0.05 },
  { operation: "signal", kind: "drop", probability: 0.05 },
  { operation: "destroy", kind: "error_before", status: 500, probability: 0.1 },
  { operation: "destroy", kind: "drop", probability: 0.1 },
  { operation: "boot", kind: "slow", delay_ms: 300, probability: 0.1 },
  { operation: "pull", kind: "slow", delay_ms: 300, probability: 0.1 },
];

/** Lets it begin. */
export async function storm(stack: Stack, seed: number): Promise<void> {
  for (const [index, fault] of FAULTS.entries())
    await stack.fault({ ...fault, count: FOREVER, seed: seed + index });
}

/**
 * The host of a machine is lost, and the machine with it soon after.
 * @returns the machine's id; null where none was there
 */
export async function strike(stack: Stack, random: () => number): Promise<string | null> {
  const goneAfterMs = Math.floor(random() * 3000);
  const aim = random();
  while (true) {
    // The storm meets this call, too.
    const machines = await stack.machines().catch(() => []);
    const running = machines.filter(({ state }) => state === "started");
    const aimed = running[Math.floor(aim * running.length)];
    if (!aimed) return null;
    const struck = { kind: "machine_lost", machine: aimed.id, gone_after_ms: goneAfterMs, count: FOREVER };
    try {
      await stack.fault(struck);
      return aimed.id;
    } catch (error) {
      // It ended between the two calls: another one is struck.
      if (!String(error).includes("there is no machine")) throw error;
    }
  }
}
