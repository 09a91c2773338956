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
  /** Of the last look: those that may be the Machine's. Null before one that goes through all. */
  unclear: readonly number[] | null;
  readonly over: () => void;
}

/** @param older processes from before the server, which belong to no Machine; those that have ended are taken out */
export function markedProcesses(older: Set<number>): MarkedProcesses {
  const hunts = new Map<string, Hunt>();
  let isDue = false;
  // A look takes the longer the more processes there are: half of the time is left to whoever is served, and for others to join.
  let restedAt = 0;
  const search = () => {
    isDue = false;
    const from = performance.now();
    const { found, unclear } = killMarked(processesToSee(), (id) => hunts.has(id));
    for (const [id, hunt] of hunts) {
      hunt.searches++;
      const left = found.has(id) ? null : (hunt.unclear ?? [...unclear]).filter((pid) => unclear.has(pid));
      hunt.unclear = left;
      if (left?.length !== 0 && hunt.searches < SEARCHES_MAX) continue;
      hunts.delete(id);
      hunt.over();
    }
    restedAt = performance.now() + Math.max(SEARCH_AGAIN_MS, performance.now() - from);
    if (hunts.size > 0) searchSoon();
  };
  const processesToSee = () => {
    const lists = [...hunts.values()].map(({ unclear }) => unclear);
    return lists.includes(null) ? youngProcesses(older) : new Set(lists.flatMap((list) => list ?? []));
  };
  const searchSoon = () => {
    if (!isDue) setTimeout(search, Math.max(0, restedAt - performance.now()));
    isDue = true;
  };
  return {
    kill: (machineId) =>
      new Promise((over) => {
        hunts.set(machineId, { searches: 0, unclear: null, over });
        searchSoon();
      }),
  };
}

function youngProcesses(older: Set<number>): Set<number> {
  const all = new Set(allProcesses());
  for (const pid of older) if (!all.has(pid)) older.delete(pid);
  return new Set([...all].filter((pid) => !older.has(pid)));
}

/** @returns the Machines that had some, and the processes that tell of none just now */
function killMarked(pids: ReadonlySet<number>, isWanted: (id: string) => boolean) {
  const found = new Set<string>();
  const unclear = new Set<number>();
  for (const pid of pids) {
    const env = envOf(pid);
    if (env === "unclear") unclear.add(pid);
    else if (env !== null) {
      const id = env.find((entry) => entry.startsWith(`${MARK}=`))?.slice(MARK.length + 1);
      if (id === undefined || !isWanted(id)) continue;
      send(pid, "SIGKILL");
      found.add(id);
    }
  }
  return { found, unclear };
}
