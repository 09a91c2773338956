/**
 * A schedule's Machine as the flow of a run sees it that is one of its starts: over and gone with the end of that start, whatever Fly does
 * with the Machine later. It is never destroyed here, only stopped, and no call reaches a later start.
 */

import { MACHINE_KILL_MS } from "../core/limits.ts";
import { isGone } from "../core/machine.ts";
import { machineOfStart } from "../core/schedule/fly-starts.ts";
import type { ActionResult, LookResult, Machines } from "./ports.ts";

/** @param startedAt of the start, by the Machine's events */
export function oneStart(machines: Machines, startedAt: number): Machines {
  const get = async (machineId: string): Promise<LookResult> => {
    const look = await machines.get(machineId);
    return look.kind === "found" ? { ...look, machine: machineOfStart(look.machine, startedAt) } : look;
  };
  const isOver = (look: LookResult) =>
    look.kind === "absent" || (look.kind === "found" && isGone(look.machine.state));
  /** The look and the call are two: between them a start would have to end and another to begin. */
  const unlessOver = async (machineId: string, act: () => Promise<ActionResult>): Promise<ActionResult> => {
    const look = await get(machineId);
    if (look.kind === "failed") return look;
    return isOver(look) ? { kind: "gone" } : act();
  };
  return {
    create: machines.create,
    find: machines.find,
    get,
    async wait(machineId, state, timeoutMs, interrupt) {
      if (state !== "destroyed") return machines.wait(machineId, state, timeoutMs, interrupt);
      const look = await get(machineId);
      if (look.kind === "failed") return look;
      if (isOver(look)) return { kind: "reached" };
      const wait = await machines.wait(machineId, "stopped", timeoutMs, interrupt);
      return wait.kind === "gone" ? { kind: "reached" } : wait;
    },
    async exec(machineId, argv, timeoutS, interrupt) {
      const look = await get(machineId);
      if (look.kind === "failed") return look;
      return isOver(look) ? { kind: "not_running" } : machines.exec(machineId, argv, timeoutS, interrupt);
    },
    /** Fly starts it, and nobody else. */
    start: async () => ({ kind: "gone" }),
    signal: (machineId, signal) => unlessOver(machineId, () => machines.signal(machineId, signal)),
    stop: (machineId, signal, timeoutMs) =>
      unlessOver(machineId, () => machines.stop(machineId, signal, timeoutMs)),
    destroy: (machineId) => unlessOver(machineId, () => machines.stop(machineId, "SIGKILL", MACHINE_KILL_MS)),
  };
}
