/**
 * The level for computers without namespaces: a Machine is a process of the computer with its own session, working
 * directory, HOME and TMPDIR. It shares the file system, so `files[]` may only go under /tmp.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { Machine } from "../machines/machine.ts";
import { collected, endOf } from "./child.ts";
import { FILE_MODE_DEFAULT } from "./guest-files.ts";
import type { Guest, GuestPlan, Level, ProcessExit } from "./level.ts";
import { together } from "./main-processes.ts";
import { type MarkedProcesses, markedProcesses } from "./marked-processes.ts";
import { allProcesses, areStill, descendantsOf, envOf, killTree, send } from "./tree.ts";
import { startWatchdog, type Watchdog } from "./watchdog.ts";

/** Rounds of looking for processes that were being made while the others were stopped. */
const SEARCHES_MAX = 50;
const SEARCH_AGAIN_MS = 1;
/** What a process wrote before its end is in the pipe by then, and is read at once. */
const LAST_OUTPUT_MS = 10;
/** As in a sandbox (`init.c`). */
const MAIN_BYTES = 256 * 1024;
const MAIN_REST_MS = 10;

export function processLevel(directory: string): Level {
  const older = new Set(allProcesses());
  const marked = markedProcesses(older);
  const watchdog = startWatchdog();
  const removals = new Map<string, Promise<void>>();
  const home = (machine: Machine) => join(directory, machine.id);
  return {
    name: "process",
    detail: "machines are plain processes that share this computer's files; images are not used; no limits",
    enforcement: null,
    canBeWithoutNetwork: false,
    fileRefusal: (path) =>
      isInTmp(path)
        ? null
        : `config.files: guest_path "${path}" is refused: at isolation level "process" machines share the files of this computer, so only paths under /tmp/ are accepted`,
    mountRefusal: () =>
      'config.mounts is refused: at isolation level "process" machines share the files of this computer, and a volume needs a path of its own; level "sandbox" has it',
    userRefusal:
      'config.processes: user is refused: at isolation level "process" machines are processes of whoever runs the server; level "sandbox" has users',
    start: async (plan) => {
      const cwd = home(plan.machine);
      await removals.get(cwd);
      // As of a fresh root disk: an earlier start of the Machine has left its files.
      removeFromTmp(plan.machine);
      const tmp = join(cwd, "tmp");
      mkdirSync(tmp, { recursive: true });
      for (const file of plan.machine.config.files ?? []) {
        // Mayfly's runner keeps a job's output beside itself, and other users of the computer can look into /tmp.
        mkdirSync(dirname(file.guest_path), { recursive: true, mode: 0o700 });
        writeFileSync(file.guest_path, Buffer.from(file.raw_value ?? "", "base64"), {
          mode: file.mode ?? FILE_MODE_DEFAULT,
        });
      }
      return guest(plan, cwd, { HOME: cwd, TMPDIR: tmp }, watchdog, marked, older);
    },
    clean: async (machine) => {
      removeFromTmp(machine);
      // It may be large, and nobody waits for it.
      const gone = home(machine);
      const removal = rm(gone, { recursive: true, force: true })
        .catch(() => {})
        .finally(() => removals.delete(gone));
      removals.set(gone, removal);
    },
    close: async () => {
      await Promise.all(removals.values());
      await watchdog.close();
    },
  };
}

function guest(
  plan: GuestPlan,
  cwd: string,
  own: Record<string, string>,
  watchdog: Watchdog,
  marked: MarkedProcesses,
  older: ReadonlySet<number>,
): Guest {
  const hasProc = older.size > 0;
  const groups = new Set<number>();
  const mains = plan.processes.map(({ argv, env }, index) => {
    const [command = "", ...args] = argv;
    const main = spawn(command, args, {
      cwd,
      env: { ...own, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    if (main.pid !== undefined) {
      groups.add(main.pid);
      watchdog.add(main.pid, plan.machine.id);
    }
    const exit = heard(main, (stream, bytes) => plan.log.write(stream, bytes, index));
    const signal = (name: NodeJS.Signals) => {
      if (main.pid !== undefined && main.exitCode === null && main.signalCode === null) send(main.pid, name);
    };
    return { exit, signal };
  });
  const entry = `FLY_MACHINE_ID=${plan.machine.id}`;
  const { exit, signal, stop } = together(mains);
  const running = new Set<Promise<unknown>>(mains.map((main) => main.exit));
  let ending: Promise<void> | null = null;
  const end = async () => {
    for (const pid of groups) killTree(pid);
    await Promise.all(running);
    await marked.kill(plan.machine.id);
    for (const pid of groups) watchdog.remove(pid);
  };
  return {
    memory: null,
    exit,
    signal,
    stop,
    exec: ([file = "", ...rest]) => {
      const env = { ...own, ...plan.env };
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
    freeze: () => stopAll(groups, entry, older),
    thaw: async () => {
      for (const pid of membersOf(groups, entry, older)) send(pid, "SIGCONT");
    },
    processes: () => membersOf(groups, entry, older).filter((pid) => pid > 0),
    end: () => {
      ending ??= end();
      return ending;
    },
  };
}

/** How a main process ended, once what it wrote is read; what it left behind may hold its streams open for longer. */
async function heard(
  main: ChildProcess,
  write: (stream: "stdout" | "stderr", bytes: Buffer) => void,
): Promise<ProcessExit> {
  const closed = endOf(main, "close");
  const resume = [
    paced(main.stdout, (bytes) => write("stdout", bytes)),
    paced(main.stderr, (bytes) => write("stderr", bytes)),
  ];
  const exit = await endOf(main, "exit");
  for (const each of resume) each();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, LAST_OUTPUT_MS);
  });
  await Promise.race([closed, late]);
  clearTimeout(timer);
  return exit;
}

/** Reads a stream with rests where it brings much, so that there is time for others. Returns what ends a rest. */
function paced(stream: Readable | null, onBytes: (bytes: Buffer) => void): () => void {
  let taken = 0;
  let timer: NodeJS.Timeout | undefined;
  stream?.on("error", () => {});
  stream?.on("data", (bytes: Buffer) => {
    onBytes(bytes);
    taken += bytes.length;
    if (taken < MAIN_BYTES) return;
    taken = 0;
    stream.pause();
    timer = setTimeout(() => stream.resume(), MAIN_REST_MS);
  });
  return () => {
    clearTimeout(timer);
    stream?.resume();
  };
}

/** The Machine's groups, as negative numbers, and each process below them or with the Machine's mark. */
function membersOf(groups: ReadonlySet<number>, entry: string, older: ReadonlySet<number>): number[] {
  const marked = allProcesses().filter((pid) => !older.has(pid) && hasMark(pid, entry));
  const led = [...groups].filter(isGroupAlive);
  const below = led.flatMap((pid) => [pid, ...descendantsOf(pid)]);
  return [...led.map((pid) => -pid), ...new Set([...below, ...marked])];
}

/** Again and again, for some may be made while the others are stopped. */
async function stopAll(
  groups: ReadonlySet<number>,
  entry: string,
  older: ReadonlySet<number>,
): Promise<void> {
  for (let search = 0; search < SEARCHES_MAX; search++) {
    const members = membersOf(groups, entry, older);
    for (const pid of members) send(pid, "SIGSTOP");
    if (areStill(members.filter((pid) => pid > 0))) return;
    await new Promise((resolve) => setTimeout(resolve, SEARCH_AGAIN_MS));
  }
}

function hasMark(pid: number, entry: string): boolean {
  const env = envOf(pid);
  return Array.isArray(env) && env.includes(entry);
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
  const own = `/tmp/.mayfly-${machine.name}`;
  const files = (machine.config.files ?? []).map((file) => file.guest_path);
  for (const path of [own, ...files.filter(isInTmp)]) rmSync(path, { recursive: true, force: true });
}

function isInTmp(path: string): boolean {
  return path.startsWith("/tmp/");
}
