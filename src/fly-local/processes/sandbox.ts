/**
 * The level that Linux allows with root or user namespaces: own mounts, processes, IPC and host name, a private layer
 * over this computer's files. Every command, the main one and each exec, enters through nsenter, which passes on its
 * exit code or signal exactly; so the server learns both from its own child.
 */

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { collected, endOf } from "./child.ts";
import type { ExecResult, Guest, GuestPlan, Level } from "./level.ts";
import { placeFile } from "./place-file.ts";
import { type Holder, makeHolder } from "./sandbox-holder.ts";
import type { RootPlan } from "./sandbox-root.ts";
import { childrenOf, killBelow, send } from "./tree.ts";

/** A spare is made a moment after the last was taken, when the Machine that took it has got going. */
const SPARE_DELAY_MS = 15;
/** A main process that nsenter has not made yet cannot be signalled; it takes a millisecond or two. */
const FORK_RETRY_MS = 1;
const FORK_RETRIES_MAX = 200;
const KILLED: ExecResult = { code: 0, signal: constants.signals.SIGKILL, stdout: "", stderr: "" };

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
    return holder?.isAlive() ? holder : make();
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
  let ending: Promise<unknown> | null = null;
  return {
    exit: endOf(main, "exit"),
    signal: (name) => whenEntered(main, (pid) => send(pid, name)),
    exec: (argv) => {
      const child = enter(argv, ["ignore", "pipe", "pipe"]);
      const exec = collected(child, () =>
        whenEntered(child, () => child.pid !== undefined && killBelow(child.pid)),
      );
      const result = exec.result.then((found) => (ending !== null && cameTooLate(found) ? KILLED : found));
      return { ...exec, result };
    },
    end: async () => {
      if (ending === null) holder.kill();
      ending ??= holder.gone;
      await ending;
    },
  };
}

/**
 * Acts on the command, the only child of its nsenter, once it is there. An nsenter itself is never killed: the kernel
 * would hand its child to PID 1 of this computer, and ends a sandbox only when that has reaped it, which in a container
 * can be never.
 */
function whenEntered(nsenter: ChildProcess, act: (pid: number) => void, retries = FORK_RETRIES_MAX): void {
  if (nsenter.pid === undefined || nsenter.exitCode !== null || nsenter.signalCode !== null) return;
  const [pid] = childrenOf(nsenter.pid);
  if (pid !== undefined) act(pid);
  else if (retries > 0) setTimeout(whenEntered, FORK_RETRY_MS, nsenter, act, retries - 1);
}

/** An nsenter that found the sandbox gone when it wanted to enter: to the client this is a command that was killed. */
function cameTooLate(result: ExecResult): boolean {
  return result.code === 1 && result.stderr.startsWith("nsenter: ");
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
