/**
 * The level that Linux allows with root or user namespaces: own mounts, processes, IPC and host name, a private layer
 * over this computer's files. Every command, the main one and each exec, enters through nsenter, which passes on its
 * exit code or signal exactly; so the server learns both from its own child.
 */

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { collected, endOf } from "./child.ts";
import type { Guest, GuestPlan, Level } from "./level.ts";
import { placeFile } from "./place-file.ts";
import { type Holder, makeHolder } from "./sandbox-holder.ts";
import type { RootPlan } from "./sandbox-root.ts";
import { childrenOf, killTree, send } from "./tree.ts";

/** A spare is made a moment after the last was taken, when the Machine that took it has got going. */
const SPARE_DELAY_MS = 15;
/** A main process that nsenter has not made yet cannot be signalled; it takes a millisecond or two. */
const FORK_RETRY_MS = 1;
const FORK_RETRIES_MAX = 200;

/** One empty sandbox is always kept ready: making it takes longer than anything else in a Machine's start. */
export function sandboxLevel(plan: RootPlan): Level {
  const resolv = hiddenResolvConf();
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  const make = () => makeHolder(plan);
  let spare: Promise<Holder> | null = kept(make());
  const take = async (): Promise<Holder> => {
    const taken = spare;
    spare = null;
    timer ??= setTimeout(() => {
      timer = null;
      if (!closed) spare ??= kept(make());
    }, SPARE_DELAY_MS);
    const holder = await taken?.catch(() => null);
    // A spare may have been killed by hand; only a living one is used.
    return holder && childrenOf(holder.pid).length > 0 ? holder : make();
  };
  return {
    name: "sandbox",
    detail: "own namespaces and a private layer over this computer's files, which stand in for the image",
    fileRefusal: () => null,
    start: async (guestPlan) => {
      const holder = await take();
      holder.setHostname(guestPlan.machine.id);
      try {
        const root = `/proc/${holder.pid}/root`;
        if (resolv !== null) placeFile(root, resolv, readFileSync(resolv));
        for (const file of guestPlan.machine.config.files ?? [])
          placeFile(root, file.guest_path, Buffer.from(file.raw_value ?? "", "base64"), file.mode);
      } catch (error) {
        holder.kill();
        throw error;
      }
      return guest(guestPlan, holder);
    },
    clean: async () => {},
    close: async () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      const holder = await spare?.catch(() => null);
      holder?.kill();
      await holder?.gone;
    },
  };
}

function guest(plan: GuestPlan, holder: Holder): Guest {
  const env: Record<string, string> = { HOME: "/root", ...plan.env };
  const enter = (argv: readonly string[], stdio: SpawnOptions["stdio"]): ChildProcess => {
    const inside = needsCleanTools(env) ? ["/usr/bin/env", "-i", ...pairs(env), ...argv] : argv;
    const options = { stdio, detached: true, env: needsCleanTools(env) ? { PATH: env.PATH } : env };
    const [nsenter = "", ...entrance] = holder.entrance;
    return spawn(nsenter, [...entrance, ...inside], options);
  };
  const main = enter(plan.argv, "ignore");
  const execs = new Set<ChildProcess>();
  let ending: Promise<void> | null = null;
  const end = async () => {
    // First what is still on its way in: it would find no sandbox.
    for (const child of execs) if (child.pid !== undefined) killTree(child.pid);
    holder.kill();
    await holder.gone;
  };
  return {
    exit: endOf(main, "exit"),
    signal: (name) => signalChild(main, name, FORK_RETRIES_MAX),
    exec: (argv) => {
      const child = enter(argv, ["ignore", "pipe", "pipe"]);
      execs.add(child);
      child.once("exit", () => execs.delete(child));
      return collected(child, () => child.pid !== undefined && killTree(child.pid));
    },
    end: () => {
      ending ??= end();
      return ending;
    },
  };
}

/** The command is the only child of its nsenter. */
function signalChild(nsenter: ChildProcess, name: NodeJS.Signals, retries: number): void {
  if (nsenter.pid === undefined || nsenter.exitCode !== null || nsenter.signalCode !== null) return;
  const [pid] = childrenOf(nsenter.pid);
  if (pid !== undefined) send(pid, name);
  else if (retries > 0) setTimeout(signalChild, FORK_RETRY_MS, nsenter, name, retries - 1);
}

/** The Machine's environment may not act on nsenter, which runs outside of it, through the dynamic loader. */
function needsCleanTools(env: Record<string, string>): boolean {
  return Object.keys(env).some((name) => name.startsWith("LD_"));
}

function pairs(env: Record<string, string>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

/** Name resolution is configured in /run on many computers, and a Machine's /run is fresh. */
function hiddenResolvConf(): string | null {
  try {
    const path = realpathSync("/etc/resolv.conf");
    return path.startsWith("/run/") ? path : null;
  } catch {
    return null;
  }
}

/** A failure to make the spare shows when it is taken. */
function kept(holder: Promise<Holder>): Promise<Holder> {
  holder.catch(() => {});
  return holder;
}
