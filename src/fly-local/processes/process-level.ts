/**
 * The level for computers without namespaces: a Machine is a process of the computer with its own session, working
 * directory, HOME and TMPDIR. It shares the file system, so `files[]` may only go under /tmp.
 */

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Machine } from "../machine.ts";
import { collected, endOf } from "./child.ts";
import type { Guest, GuestPlan, Level } from "./level.ts";
import { killTree, processesWithEnv, send } from "./tree.ts";
import { startWatchdog, type Watchdog } from "./watchdog.ts";

/** Rounds of looking for processes that were being made while the others were killed. */
const SEARCHES_MAX = 20;

export function processLevel(directory: string): Level {
  const watchdog = startWatchdog();
  const home = (machine: Machine) => join(directory, machine.id);
  return {
    name: "process",
    detail: "machines are plain processes that share this computer's files; images are not used",
    fileRefusal: (path) =>
      path.startsWith("/tmp/")
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
      return guest(plan, cwd, { HOME: cwd, TMPDIR: tmp, ...plan.env }, watchdog);
    },
    clean: (machine) => clean(machine, home(machine)),
    close: () => watchdog.close(),
  };
}

function guest(plan: GuestPlan, cwd: string, env: Record<string, string>, watchdog: Watchdog): Guest {
  const [command = "", ...args] = plan.argv;
  const main = spawn(command, args, { cwd, env, stdio: "ignore", detached: true });
  const groups = new Set<number>();
  const enter = (pid: number | undefined) => {
    if (pid === undefined) return;
    groups.add(pid);
    watchdog.add(pid, plan.machine.id);
  };
  enter(main.pid);
  const exit = endOf(main, "exit");
  const running = new Set<Promise<unknown>>([exit]);
  let ending: Promise<void> | null = null;
  const end = async () => {
    for (const pid of groups) killTree(pid);
    await Promise.all(running);
    await killMarked(`FLY_MACHINE_ID=${plan.machine.id}`);
    for (const pid of groups) watchdog.remove(pid);
  };
  return {
    exit,
    signal: (name) => {
      if (main.pid !== undefined && main.exitCode === null && main.signalCode === null) send(main.pid, name);
    },
    exec: ([file = "", ...rest]) => {
      const child = spawn(file, rest, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
      enter(child.pid);
      const gone = endOf(child, "exit").then(() => {
        // A group that still has members is left to the end of the Machine.
        if (child.pid !== undefined && !isGroupAlive(child.pid)) {
          groups.delete(child.pid);
          watchdog.remove(child.pid);
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

/** Those who left their group; again and again, for some may be made while the others are killed. */
async function killMarked(entry: string): Promise<void> {
  for (let search = 0; search < SEARCHES_MAX; search++) {
    const left = processesWithEnv(entry);
    if (left.length === 0) return;
    for (const pid of left) send(pid, "SIGKILL");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function isGroupAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

/** The Machine's directory, its files under /tmp, and what Mayfly's runner makes there under the Machine's name. */
async function clean(machine: Machine, directory: string): Promise<void> {
  const mine = `.mayfly-${machine.name}`;
  const names = await readdir("/tmp").catch(() => []);
  const paths = [
    directory,
    ...(machine.config.files ?? []).map((file) => file.guest_path).filter((path) => path.startsWith("/tmp/")),
    ...names.filter((name) => name === mine || name.startsWith(`${mine}.`)).map((name) => join("/tmp", name)),
  ];
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true }).catch(() => {})));
}
