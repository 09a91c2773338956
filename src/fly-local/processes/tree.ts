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

/** Processes whose environment holds `entry` ("NAME=value"); those of other users cannot be read and are not seen. */
export function processesWithEnv(entry: string): number[] {
  let pids: string[];
  try {
    pids = readdirSync("/proc");
  } catch {
    return [];
  }
  return pids
    .filter((name) => /^\d+$/.test(name) && readProc(`${name}/environ`).split("\0").includes(entry))
    .map(Number);
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
