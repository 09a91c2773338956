/** Finding and killing processes: groups everywhere, `/proc` where there is one (Linux). */

import { readdirSync, readFileSync } from "node:fs";

/** Sends a signal; a process that has ended meanwhile is none to complain about. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {}
}

/** Direct children, of every thread, as a process is listed under the thread that made it; empty without `/proc`. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      numbers(readProc(`${pid}/task/${thread}/children`) ?? ""),
    );
  } catch {
    return [];
  }
}

/** Kills the group of `pid` and its descendants that left the group. */
export function killTree(pid: number): void {
  const below = descendantsOf(pid);
  send(-pid, "SIGKILL");
  for (const each of below) send(each, "SIGKILL");
}

/** Parents before their children; empty without `/proc`. */
export function descendantsOf(pid: number): number[] {
  const found = childrenOf(pid);
  // The loop also visits what it appends.
  for (const each of found) found.push(...childrenOf(each));
  return found;
}

/** 0 without `/proc`, and for whoever has none. */
export function parentOf(pid: number): number {
  return Number(statOf(pid)[1] ?? 0);
}

/** When a process was started, in clock ticks since the computer's own start; null where there is none. */
export function startOf(pid: number): string | null {
  return statOf(pid)[19] ?? null;
}

/** The name of its program, cut to 15 characters by the kernel. */
export function nameOf(pid: number): string | null {
  return readProc(`${pid}/comm`)?.trimEnd() ?? null;
}

/** Fields of `stat` after the name in parentheses, which may hold anything: state, parent, group. */
export function statOf(pid: number): string[] {
  const stat = readProc(`${pid}/stat`) ?? "";
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/**
 * Whether these run no more of their program for now: stopped, ended, or in a system call that a stop waits behind, such as
 * vfork in a parent whose child is stopped.
 */
export function areStill(pids: readonly number[]): boolean {
  return pids.every((pid) => "TtDZX".includes(statOf(pid)[0] ?? ""));
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

const KERNEL_THREADS_PARENT = "2";
/** Where `env_end` is in what {@link statOf} returns (proc_pid_stat(5), field 51). */
const ENV_END = 48;

/**
 * A process's environment, entries such as "NAME=value"; null where it can not be read, as of another user's process. A
 * process that is just being replaced by another program has none for a moment: "unclear".
 */
export function envOf(pid: number): string[] | null | "unclear" {
  const environment = readProc(`${pid}/environ`);
  if (environment === null) return null;
  if (environment !== "") return environment.split("\0");
  const [state = "", parent, ...rest] = statOf(pid);
  if ("ZX".includes(state) || parent === KERNEL_THREADS_PARENT) return null;
  // One that was given none has an end of it all the same.
  return Number(rest[ENV_END - 2]) === 0 ? "unclear" : [];
}

export function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return null;
  }
}

function numbers(text: string): number[] {
  return text.split(" ").filter(Boolean).map(Number);
}
