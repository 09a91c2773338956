/** Calls of a Machines server by a driver that never comes too early: what a run costs is then no matter of how busy the computer is. */

import { parseReadReply } from "../../src/core/runner-protocol.ts";

export interface CountedMachines {
  readonly fetch: typeof fetch;
  /** Calls so far. */
  readonly calls: () => number;
}

/**
 * Counts calls here and not at the server, which other tests call at the same time. A read of a command waits until the
 * command has ended, by reads of its own that do not count: a driver would otherwise look once more at one that is slow.
 */
export function unhurriedMachines(): CountedMachines {
  let calls = 0;
  return {
    calls: () => calls,
    fetch: async (input, init) => {
      calls += 1;
      while (isRead(init) && (await isRunning(input, init)));
      return fetch(input, init);
    },
  };
}

const isRead = (init?: RequestInit) =>
  typeof init?.body === "string" && (JSON.parse(init.body) as { command?: string[] }).command?.[2] === "read";

/** False where there is no reply, too: whoever asked is told why. */
async function isRunning(input: RequestInfo | URL, init?: RequestInit): Promise<boolean> {
  const { stdout } = (await (await fetch(input, init)).json()) as { stdout?: string };
  const reply = parseReadReply(stdout ?? "");
  return "end" in reply && reply.end === null;
}
