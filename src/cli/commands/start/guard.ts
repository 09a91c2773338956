/**
 * Ends what was started when this process dies without a chance to do so itself (kill -9). A shell holds the other end of a
 * pipe, reads there which process groups exist, and ends them when the pipe closes.
 */

import { type ChildProcess, spawn } from "node:child_process";

/** Its own session, so that a Ctrl-C at the terminal does not reach it. The KILL comes for groups that ignore TERM. */
const SCRIPT = `
trap '' INT TERM HUP
groups=' '
while read -r op group; do
  case $op in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
[ -z "\${groups# }" ] && exit
for group in $groups; do kill -TERM "-$group" 2>/dev/null; done
sleep 3
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
`;

export interface Guard {
  add(group: number): void;
  remove(group: number): void;
  /** Lets it go; groups still known to it are ended. */
  close(): void;
}

export function startGuard(): Guard {
  const shell: ChildProcess = spawn("sh", ["-c", SCRIPT], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  shell.on("error", () => undefined);
  shell.stdin?.on("error", () => undefined);
  shell.unref();
  return {
    add: (group) => void shell.stdin?.write(`+ ${group}\n`),
    remove: (group) => void shell.stdin?.write(`- ${group}\n`),
    close: () => void shell.stdin?.end(),
  };
}
