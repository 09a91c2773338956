/**
 * Finds processes that left their group by the Machine's id in their environment. One look through all processes serves
 * every Machine that ends at the time: reading that of hundreds for each of hundreds takes a minute.
 */

import { allProcesses, envOf, send } from "./tree.ts";

/** Rounds of looking for processes that were being made while the others were killed. */
const SEARCHES_MAX = 50;
const SEARCH_AGAIN_MS = 1;
const MARK = "FLY_MACHINE_ID";

export interface MarkedProcesses {
  /** Kills those of a Machine; settles when there are none. */
  kill(machineId: string): Promise<void>;
}

interface Hunt {
  searches: number;
  readonly over: () => void;
}

/** @param older processes from before the server, which belong to no Machine; those that have ended are taken out */
export function markedProcesses(older: Set<number>): MarkedProcesses {
  const hunts = new Map<string, Hunt>();
  let isDue = false;
  const search = () => {
    isDue = false;
    const from = performance.now();
    const { found, isUnclear } = killMarked(older, (id) => hunts.has(id));
    for (const [id, hunt] of hunts) {
      hunt.searches++;
      if ((found.has(id) || isUnclear) && hunt.searches < SEARCHES_MAX) continue;
      hunts.delete(id);
      hunt.over();
    }
    restedAt = performance.now() + Math.max(SEARCH_AGAIN_MS, performance.now() - from);
    if (hunts.size > 0) searchSoon();
  };
  // A look takes the longer the more processes there are: half of the time is left to whoever is served, and for others to join.
  let restedAt = 0;
  const searchSoon = () => {
    if (!isDue) setTimeout(search, Math.max(0, restedAt - performance.now()));
    isDue = true;
  };
  return {
    kill: (machineId) =>
      new Promise((over) => {
        hunts.set(machineId, { searches: 0, over });
        searchSoon();
      }),
  };
}

function killMarked(older: Set<number>, isWanted: (id: string) => boolean) {
  const all = new Set(allProcesses());
  for (const pid of older) if (!all.has(pid)) older.delete(pid);
  const found = new Set<string>();
  let isUnclear = false;
  for (const pid of all) {
    if (older.has(pid)) continue;
    const env = envOf(pid);
    if (env === "unclear") isUnclear = true;
    else if (env !== null) {
      const id = env.find((entry) => entry.startsWith(`${MARK}=`))?.slice(MARK.length + 1);
      if (id === undefined || !isWanted(id)) continue;
      send(pid, "SIGKILL");
      found.add(id);
    }
  }
  return { found, isUnclear };
}
