/** The shells that the runner is tried with, and which of them this machine has. */

import { spawnSync } from "node:child_process";

export interface Shell {
  name: string;
  /** The program and what stands before the script's path. */
  argv: string[];
  /** The name it is called by, where that changes what it does. */
  argv0: string | undefined;
  /** Says how to get it. */
  from: string;
  found: boolean;
}

export const SHELLS: readonly Shell[] = [
  shell("dash", ["dash"], undefined, "apt-get install dash"),
  // Machines run it as /bin/sh, and bash keeps to POSIX by that name.
  shell("bash as sh", ["bash"], "sh", "apt-get install bash"),
  shell("busybox ash", ["busybox", "sh"], undefined, "apt-get install busybox"),
];

export const MISSING_SHELLS = SHELLS.filter((one) => !one.found);

for (const one of MISSING_SHELLS)
  console.warn(`runner: no ${one.name} here, its tests are left out: ${one.from}`);

function shell(name: string, argv: string[], argv0: string | undefined, from: string): Shell {
  const [program = "", ...rest] = argv;
  const found = spawnSync(program, [...rest, "-c", "exit 42"], { argv0 }).status === 42;
  return { name, argv, argv0, from, found };
}
