/**
 * The floor of what a run can cost: spawning the same command directly. By a small program of its own, for what a spawn costs
 * grows with the memory of the program that spawns (the kernel copies its page tables), and the bench holds a lot.
 */

import { fork } from "node:child_process";
import { join } from "node:path";

export interface Floor {
  /** Spawns `echo hi`. Settles with the milliseconds that it took. */
  spawnEcho(): Promise<number>;
  close(): void;
}

export function startFloor(): Floor {
  const child = fork(join(import.meta.dirname, "floor-process.ts"));
  const waiting = new Map<number, (ms: number) => void>();
  let lastId = 0;
  child.on("message", ({ id, ms }: { id: number; ms: number }) => {
    waiting.get(id)?.(ms);
    waiting.delete(id);
  });
  return {
    spawnEcho: () =>
      new Promise((resolve) => {
        waiting.set(++lastId, resolve);
        child.send(lastId);
      }),
    close: () => child.disconnect(),
  };
}
