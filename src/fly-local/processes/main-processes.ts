/** The main processes of a Machine as one: mostly there is one alone. */

import type { ProcessExit } from "./level.ts";

export interface MainProcess {
  readonly exit: Promise<ProcessExit>;
  signal(name: NodeJS.Signals): void;
}

export interface MainProcesses extends MainProcess {
  /** Sends each a signal by which it is to end: from now on all of them have the time to. */
  stop(name: NodeJS.Signals): void;
}

/**
 * A Machine of several processes is over when one of them ends well (docs: Machine config, processes: "if any process exits
 * without error"), and with the last of those that fail. What is left then is the Machine's to kill.
 */
export function together(processes: readonly MainProcess[]): MainProcesses {
  const { promise: exit, resolve: end } = Promise.withResolvers<ProcessExit>();
  let left = processes.length;
  let isStopping = false;
  for (const process of processes)
    void process.exit.then((how) => {
      left--;
      if (left === 0 || (isGood(how) && !isStopping)) end(how);
    });
  const signal = (name: NodeJS.Signals) => {
    for (const process of processes) process.signal(name);
  };
  return {
    exit,
    signal,
    stop: (name) => {
      isStopping = true;
      signal(name);
    },
  };
}

function isGood({ code, signal }: ProcessExit): boolean {
  return code === 0 && signal === null;
}
