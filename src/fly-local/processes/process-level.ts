/**
 * The level for computers without namespaces: a Machine is a process of the computer with its own session, working
 * directory, HOME and TMPDIR. It shares the file system, so `files[]` may only go under /tmp.
 */

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Machine } from "../machine.ts";
import { collected, endOf } from "./child.ts";
import type { Guest, GuestPlan, Level } from "./level.ts";
import { type MarkedProcesses, markedProcesses } from "./marked.ts";
import { allProcesses, killTree, send } from "./tree.ts";
import { startWatchdog, type Watchdog } from "./watchdog.ts";

export function processLevel(directory: string): Level {
  const older = new Set(allProcesses());
  const marked = markedProcesses(older);
  const hasProc = older.size > 0;
  const watchdog = startWatchdog();
  const removals = new Set<Promise<void>>();
  const home = (machine: Machine) => join(directory, machine.id);
  return {
    name: "process",
    detail: "machines are plain processes that share this computer's files; images are not used; no limits",
    enforcement: null,
    canCutOff: false,
    fileRefusal: (path) =>
      isInTmp(path)
        ? null
        : `config.files: guest_path "${path}" is refused: at isolation level "process" machines share the files of this computer, so only paths under /tmp/ are accepted`,
    start: async (plan) => {
      const cwd = home(plan.machine);
      const tmp = join(cwd, "tmp");
      mkdirSync(tmp, { recursive: true });
      for (const file of plan.machine.config.files ?? []) {
        mkdirSync(dirname(file.guest_path), { recursive: true });
        writeFileSync(file.guest_path, Buffer.from(file.raw_value ?? "", "base64"), {
          mode: file.mode ?? 0o644,
        });
      }
      return guest(plan, cwd, { HOME: cwd, TMPDIR: tmp, ...plan.env }, watchdog, marked, hasProc);
    },
    clean: async (machine) => {
      removeFromTmp(machine);
      // It may be large, and nobody waits for it.
      const removal = rm(home(machine), { recursive: true, force: true })
        .catch(() => {})
        .finally(() => removals.delete(removal));
      removals.add(removal);
    },
    close: async () => {
      await Promise.all(removals);
      await watchdog.close();
    },
  };
}

function guest(
  plan: GuestPlan,
  cwd: string,
  env: Record<string, string>,
  watchdog: Watchdog,
  marked: MarkedProcesses,
  hasProc: boolean,
): Guest {
  const [command = "", ...args] = plan.argv;
  const main = spawn(command, args, { cwd, env, stdio: "ignore", detached: true });
  const groups = new Set<number>();
  if (main.pid !== undefined) {
    groups.add(main.pid);
    watchdog.add(main.pid, plan.machine.id);
  }
  const exit = endOf(main, "exit");
  const running = new Set<Promise<unknown>>([exit]);
  let ending: Promise<void> | null = null;
  const end = async () => {
    for (const pid of groups) killTree(pid);
    await Promise.all(running);
    await marked.kill(plan.machine.id);
    for (const pid of groups) watchdog.remove(pid);
  };
  return {
    exit,
    signal: (name) => {
      if (main.pid !== undefined && main.exitCode === null && main.signalCode === null) send(main.pid, name);
    },
    exec: ([file = "", ...rest]) => {
      const child = spawn(file, rest, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
      if (child.pid !== undefined) {
        groups.add(child.pid);
        // Where there is a /proc the watchdog finds an exec by the Machine's id, and need not be told of each.
        if (!hasProc) watchdog.add(child.pid, plan.machine.id);
      }
      const gone = endOf(child, "exit").then(() => {
        // A group that still has members is left to the end of the Machine.
        if (child.pid !== undefined && !isGroupAlive(child.pid)) {
          groups.delete(child.pid);
          if (!hasProc) watchdog.remove(child.pid);
        }
        running.delete(gone);
      });
      running.add(gone);
      return collected(child, () => child.pid !== undefined && killTree(child.pid));
    },
    end: () => {
      ending ??= end();
      return ending;
    },
  };
}

function isGroupAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

/** A Machine's files under /tmp, and what Mayfly's runner makes there under the Machine's name. */
function removeFromTmp(machine: Machine): void {
  const mine = `.mayfly-${machine.name}`;
  const names = readdirSync("/tmp").filter((name) => name === mine || name.startsWith(`${mine}.`));
  const files = (machine.config.files ?? []).map((file) => file.guest_path);
  for (const path of [...names.map((name) => join("/tmp", name)), ...files.filter(isInTmp)])
    rmSync(path, { recursive: true, force: true });
}

function isInTmp(path: string): boolean {
  return path.startsWith("/tmp/");
}
