/**
 * Kills the processes of machines when the server is gone, however it went. One `sh` for all of them holds the reading
 * end of a pipe; the kernel closes the other end with the server, even on SIGKILL.
 */

import { spawn } from "node:child_process";
import { endOf } from "./child.ts";

export interface Watchdog {
  /** From now on the group led by `pid`, and whatever carries the Machine's id in its environment, dies with the server. */
  add(pid: number, machineId: string): void;
  remove(pid: number): void;
  /** Settles when the watchdog has ended. */
  close(): Promise<void>;
}

/**
 * At the end of its input: the groups first, then, where there is a /proc, those who left their group; three times, for
 * a process that is being replaced by another program shows no environment for a moment.
 */
const SCRIPT = `
live=
while read -r verb pid id; do
  case $verb in
    add) live="$live $pid:$id" ;;
    remove) kept=; for each in $live; do [ "\${each%%:*}" = "$pid" ] || kept="$kept $each"; done; live=$kept ;;
  esac
done
for each in $live; do kill -9 -"\${each%%:*}"; done
set --
for each in $live; do set -- "$@" -e "FLY_MACHINE_ID=\${each#*:}"; done
[ $# -gt 0 ] && [ -d /proc/self ] || exit 0
for round in 1 2 3; do
  for env in $(grep -lF "$@" /proc/[0-9]*/environ); do
    pid=\${env#/proc/}; kill -9 "\${pid%/environ}"
  done
done
exit 0
`;

export function startWatchdog(): Watchdog {
  // Its own session, so that Ctrl-C in the server's terminal does not reach it before its work is done.
  const child = spawn("/bin/sh", ["-c", SCRIPT], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: { PATH: "/usr/bin:/bin" },
  });
  const gone = endOf(child, "exit");
  child.stdin.on("error", () => {});
  child.unref();
  return {
    add: (pid, machineId) => child.stdin.write(`add ${pid} ${machineId}\n`),
    remove: (pid) => child.stdin.write(`remove ${pid}\n`),
    close: async () => {
      child.ref();
      child.stdin.end();
      await gone;
    },
  };
}
