/**
 * A `PATH` that a run gives its command. The runner finds its own programs (mkdir, cat, sleep, …) by the Machine's PATH, so
 * one in which they are not is handed to the command alone, as it would be without a runner.
 */

import type { RunSpec } from "./run-spec.ts";

/** Between them they hold the runner's programs in every image that has sh. */
const SYSTEM = ["/bin", "/usr/bin"];

/** The PATH that is the command's alone; null where the runner can do with the run's, or there is none. */
export function commandsPath(spec: RunSpec): string | null {
  const path = spec.env.PATH;
  if (path === undefined || spec.capture === "none") return null;
  return SYSTEM.every((folder) => path.split(":").includes(folder)) ? null : path;
}

/**
 * The command with a PATH of its own: sh sets it and becomes the command. Where it can not, it says so under the runner's name,
 * by which the runner knows that there was no command.
 */
export function withPath(path: string, runner: string, command: string[]): string[] {
  return ["/bin/sh", "-c", 'export PATH="$1"; shift; exec "$@"', runner, path, ...command];
}

/**
 * Why a command with a PATH of its own could not be started; null where the PATH is not its alone. The runner knows no more
 * than that sh did not become the command.
 * @param code the shell's: 126 where the program is there and can not be executed, 127 where it is not there
 */
export function missingInPath(spec: RunSpec, code: number | null): string | null {
  const path = commandsPath(spec);
  const program = spec.command?.[0];
  if (path === null || program === undefined || spec.checkout !== null) return null;
  if (code === 126) return `${program} can not be executed`;
  return program.includes("/")
    ? `there is no program ${program} in the image, or no interpreter or loader for it`
    : `there is no program ${program} in the run's PATH (${path})`;
}
