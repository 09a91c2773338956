/** Processes that a command starts in the ways there are to get away from it, known by how long they sleep. */

import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "./processes.ts";

const AS_ROOT = process.getuid?.() === 0;

/** What a command can start, by how a shell does; none of them holds the command's streams. */
export const WAYS: Record<string, (program: string) => string> = {
  "a child": (program) => program,
  "a grandchild": (program) => `(${program}; :)`,
  "one with a session of its own": (program) => `setsid ${program}`,
  "one whose parents are gone": (program) => `sh -c 'setsid sh -c "${program} & exit" & exit'`,
  "one without an environment, whose parents are gone": (program) =>
    `env -i PATH="$PATH" setsid sh -c '${program} & exit'`,
  ...(AS_ROOT && {
    "one of another user": (program: string) => `setpriv --reuid 65534 --clear-groups ${program}`,
  }),
};

/** Lengths of sleep that nobody else on the computer has, nor another file of tests. */
let seconds = 100_000 + (process.pid % 10_000) * 1000;

export class Started {
  readonly #names = new Map<string, string>();

  /** The lines of a script that start each of them in the background. */
  readonly script: string;

  constructor(ways: typeof WAYS = WAYS) {
    const lines = Object.entries(ways).map(([name, way]) => {
      seconds += 1;
      this.#names.set(`sleep ${seconds}`, name);
      return `${way(`sleep ${seconds}`)} </dev/null >/dev/null 2>&1 &\n`;
    });
    this.script = lines.join("");
  }

  /** Those that live, sorted. */
  alive(): string[] {
    const names = readdirSync("/proc").map((entry) => this.#names.get(commandLineOf(entry)));
    return names.filter((name) => name !== undefined).sort();
  }

  /** Ends what lives. */
  end(): void {
    const pids = readdirSync("/proc").filter((entry) => this.#names.has(commandLineOf(entry)));
    for (const pid of pids) process.kill(Number(pid), "SIGKILL");
  }

  /** Settles when all of them do. */
  async all(): Promise<void> {
    await eventually(this.script, async () => this.alive().length === this.#names.size);
  }
}

/** Empty for what is no process, and for one that has ended and is not reaped. */
function commandLineOf(entry: string): string {
  try {
    return readFileSync(`/proc/${Number.parseInt(entry, 10)}/cmdline`, "latin1")
      .slice(0, -1)
      .replaceAll("\0", " ");
  } catch {
    return "";
  }
}
