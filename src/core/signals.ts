/** Linux signal numbers and names (signal(7)), the same on x86-64 and arm64. */

const NAMES: Record<number, string> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  16: "SIGSTKFLT",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** The name of a signal number, or null where the number names none that ends a process. */
export function signalName(number: number): string | null {
  return NAMES[number] ?? null;
}

/** The number of a signal's name, or null. */
export function signalNumber(name: string): number | null {
  const entry = Object.entries(NAMES).find(([, known]) => known === name);
  return entry ? Number(entry[0]) : null;
}

/** The signal that a shell's exit code stands for (128 + its number), or null. */
export function signalOfCode(code: number): string | null {
  return code > 128 ? signalName(code - 128) : null;
}
