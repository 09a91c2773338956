/**
 * What keeps a sandbox: its namespaces and PID 1, a few lines of `sh`. It mounts the root, says that it is ready, reaps
 * what is orphaned, and ends, and with it every process of the sandbox, when the server's end of its input is closed:
 * the kernel does that even when the server is killed.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SANDBOX_READY_MS } from "../limits.ts";
import { endOf } from "./child.ts";
import type { RootPlan } from "./sandbox-root.ts";
import { send } from "./tree.ts";

export interface Holder {
  /** PID 1 of the sandbox, as this computer numbers it. */
  readonly pid: number;
  /** The call of nsenter that enters, to be followed by the command. */
  readonly entrance: readonly string[];
  /** Settles when no process of the sandbox is left. */
  readonly gone: Promise<unknown>;
  isAlive(): boolean;
  setHostname(name: string): void;
  kill(): void;
}

const TOOLS_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
/** By its whole path: it is run with the environment of a Machine, whose PATH is the Machine's business. */
const NSENTER =
  TOOLS_PATH.split(":")
    .map((directory) => join(directory, "nsenter"))
    .find(existsSync) ?? "nsenter";

/**
 * The second shell, inside. Its `wait` also reaps orphans; it waits on a reader of the input, which a command of the
 * Machine may kill (then there is another one) and which ends by itself only with the input. A line is the host name.
 * It is this one that says it is ready: before the change of root, /proc/<pid>/root is still this computer's.
 */
const INSIDE = `
echo "$1"
exec 3<&0 </dev/null 1>&- 2>&-
trap '' HUP INT QUIT TERM USR1 USR2 PIPE ALRM
while :; do
  { while read -r name; do echo "$name" >/proc/sys/kernel/hostname; done; exit 9; } <&3 2>/dev/null &
  wait $!
  [ $? = 9 ] && exit 0
done
`;

/** The host's /proc is still there at first, so the shell reads its outer pid from it. "/.." is the root just moved there. */
function outside(plan: RootPlan): string {
  const mount = `${plan.base}/mount`;
  return `
read -r pid _ </proc/self/stat
mount -n -t tmpfs -o mode=755 tmpfs ${mount} &&
mkdir -p ${plan.directories.join(" ")} &&
mount -n -a -T ${plan.fstab} &&
mount -n --move ${mount}/root / || exit 125
exec chroot /.. /bin/sh -c "$1" sh "$pid"
`;
}

/** Makes a sandbox without a command in it. Rejects with what the tools said where this computer cannot. */
export async function makeHolder(plan: RootPlan): Promise<Holder> {
  const namespaces = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
  if (plan.userns) namespaces.push("--user", "--map-root-user");
  const child = spawn("unshare", [...namespaces, "--", "/bin/sh", "-c", outside(plan), "sh", INSIDE], {
    stdio: ["pipe", "pipe", "pipe"],
    // Commands of the Machine can read what PID 1 was started with.
    env: { PATH: TOOLS_PATH },
    cwd: "/",
    detached: true,
  });
  const gone = endOf(child, "exit");
  child.stdin.on("error", () => {});
  const pid = await readiness(child, gone);
  const entrance = [NSENTER, "-t", String(pid), "-m", "-p", "-i", "-u"];
  if (plan.userns) entrance.push("-U", "--preserve-credentials");
  return {
    pid,
    entrance: [...entrance, "--"],
    gone,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    setHostname: (name) => child.stdin.write(`${name}\n`),
    kill: () => {
      // Not after its end, when its number can be another process's.
      if (child.exitCode === null && child.signalCode === null) send(pid, "SIGKILL");
    },
  };
}

function readiness(child: ChildProcess, gone: Promise<unknown>): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`no sandbox within ${SANDBOX_READY_MS / 1000} s`));
    }, SANDBOX_READY_MS);
    child.stderr?.on("data", (text: Buffer) => {
      said += text;
    });
    child.stdout?.once("data", (text: Buffer) => {
      clearTimeout(timer);
      resolve(Number(text));
    });
    void gone.then(() => {
      clearTimeout(timer);
      reject(new Error(said.trim().split("\n")[0] || "unshare cannot be run"));
    });
  });
}
