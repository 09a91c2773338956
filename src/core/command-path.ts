/**
 * A `PATH` that a run gives its command. The runner finds its own programs (mkdir, cat, sleep, …) by the Machine's PATH, so
 * one in which they are not is handed to the command alone, as it would be without a runner.
 */

/** Between them they hold the runner's programs in every image that has sh. */
const SYSTEM = ["/bin", "/usr/bin"];

/** True where the runner itself can do with this PATH. */
export function holdsSystem(path: string): boolean {
  return SYSTEM.every((folder) => path.split(":").includes(folder));
}

/** The command with a PATH of its own: sh sets it and becomes the command, or says that it is not found and ends with 127. */
export function withPath(path: string, command: string[]): string[] {
  return ["/bin/sh", "-c", 'export PATH="$1"; shift; exec "$@"', "sh", path, ...command];
}
