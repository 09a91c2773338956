/**
 * Holds Machines to their memory where no cgroup can be written: looks at what the processes of each use, and kills the
 * biggest of a Machine that uses too much, as the kernel would. What is used between two looks can be more.
 */

import type { Init } from "../init/init.ts";
import { MOUNT, mount, putFile, writeInto } from "../init/operations.ts";
import { MemoryInUse } from "../level.ts";
import { ownMemoryBytes } from "../stats.ts";
import { descendantsOf, send } from "../tree.ts";
import type { Limiter } from "./limiter.ts";

const LOOK_MS = 50;
/** Looking takes a millisecond for some ten processes, and must not take up the server. */
const REST_FOR_EACH_MS_OF_LOOKING = 10;

interface Watched {
  readonly init: Init;
  memoryBytes: number;
  oomKills: number;
}

export function memoryWatch(): Limiter {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | null = null;
  const look = () => {
    const from = performance.now();
    for (const each of watched) void relieve(each);
    const tookMs = performance.now() - from;
    timer =
      watched.size === 0 ? null : setTimeout(look, Math.max(LOOK_MS, tookMs * REST_FOR_EACH_MS_OF_LOOKING));
  };
  return {
    enforcement: { by: "memory watch", kinds: ["memory"] },
    fence: () => {
      let mine: Watched | null = null;
      return {
        enter: [],
        // Not before it is known whose kills are counted.
        counter: () => [],
        set: async ({ memoryBytes }, init) => {
          if (mine !== null) watched.delete(mine);
          else await init.operate(ownCounter());
          mine = { init, memoryBytes, oomKills: mine?.oomKills ?? 0 };
          watched.add(mine);
          timer ??= setTimeout(look, LOOK_MS);
        },
        memory: {
          limit: async (bytes) => {
            if (mine === null) return;
            const used = sum(sizesIn(mine.init));
            if (used > bytes) throw new MemoryInUse(used);
            mine.memoryBytes = bytes;
          },
          // Only what can not be taken back is counted here.
          reclaim: null,
        },
        oomKills: () => mine?.oomKills ?? 0,
        remove: () => {
          if (mine !== null) watched.delete(mine);
        },
      };
    },
    close: async () => {
      if (timer !== null) clearTimeout(timer);
    },
  };
}

const COUNTER = "/dev/.oom-kills";
const counterText = (kills: number) => `oom_kill ${kills}\n`;

/** In place of the kernel's counters, which do not have these kills: whoever reads there why a command died is told. */
function ownCounter() {
  return [
    ...putFile(COUNTER, Buffer.from(counterText(0)), 0o444),
    mount(COUNTER, "/proc/vmstat", "", MOUNT.bind),
  ];
}

interface Size {
  readonly pid: number;
  readonly bytes: number;
}

function sizesIn({ pid }: Init): Size[] {
  return pid === null ? [] : descendantsOf(pid).map((each) => ({ pid: each, bytes: ownMemoryBytes(each) }));
}

function sum(sizes: readonly Size[]): number {
  return sizes.reduce((total, { bytes }) => total + bytes, 0);
}

async function relieve(watched: Watched): Promise<void> {
  const sizes = sizesIn(watched.init);
  if (sum(sizes) <= watched.memoryBytes) return;
  const biggest = sizes.reduce((most, each) => (each.bytes > most.bytes ? each : most));
  watched.oomKills++;
  // Before the end of the process, which is when the counter is looked at.
  await watched.init.operate([writeInto(COUNTER, counterText(watched.oomKills))]).catch(() => {});
  send(biggest.pid, "SIGKILL");
}
