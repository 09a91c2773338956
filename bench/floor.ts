/**
 * The floor of what a run can cost: spawning the same command directly. By a small program of its own, for what a spawn costs
 * grows with the memory of the program that spawns (the kernel copies its page tables), and the bench holds a lot.
 */

import { fork } from "node:child_process";
import { join } from "node:path";

/** Instants by `now()`: just before a command was spawned, and when it had ended. */
export interface Spawned {
  readonly from: number;
  readonly end: number;
}

export interface Floor {
  spawn(command: readonly string[]): Promise<Spawned>;
  /** Milliseconds that `echo hi` takes. */
  spawnEcho(): Promise<number>;
  close(): void;
}

export function startFloor(): Floor {
  const child = fork(join(import.meta.dirname, "floor-process.ts"));
  const waiting = new Map<number, (spawned: Spawned) => void>();
  let lastId = 0;
  child.on("message", ({ id, ...spawned }: Spawned & { id: number }) => {
    waiting.get(id)?.(spawned);
    waiting.delete(id);
  });
  const spawn: Floor["spawn"] = (command) =>
    new Promise((resolve) => {
      waiting.set(++lastId, resolve);
      child.send({ id: lastId, command });
    });
  return {
    spawn,
    spawnEcho: async () => {
      const { from, end } = await spawn(["echo", "hi"]);
      return end - from;
    },
    close: () => child.disconnect(),
  };
}
