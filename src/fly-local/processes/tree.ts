/** Finding and killing processes: groups everywhere, `/proc` where there is one (Linux). */

import { readdirSync, readFileSync } from "node:fs";

/** Sends a signal; a process that has ended meanwhile is none to complain about. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {}
}

/** Kills the group that `pid` leads. */
export function killGroup(pid: number): void {
  send(-pid, "SIGKILL");
}

/** Direct children, oldest first; empty without `/proc`. */
export function childrenOf(pid: number): number[] {
  return numbers(readProc(`${pid}/task/${pid}/children`));
}

/** Kills the group of `pid` and its descendants that left the group. */
export function killTree(pid: number): void {
  const found = [pid];
  // The loop also visits what it appends.
  for (const each of found) found.push(...childrenOf(each));
  killGroup(pid);
  for (const each of found.slice(1)) send(each, "SIGKILL");
}

/** Every process there is; empty without `/proc`. */
export function allProcesses(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Whether a process's environment holds `entry` ("NAME=value"); that of another user's process cannot be read. */
export function hasEnv(pid: number, entry: string): boolean {
  return readProc(`${pid}/environ`).split("\0").includes(entry);
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return "";
  }
}

function numbers(text: string): number[] {
  return text.split(" ").filter(Boolean).map(Number);
}
