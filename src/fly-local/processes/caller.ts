/** Which Machine a connection comes from: machines share the computer's network, so the kernel knows whose socket it is. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { allProcesses } from "./tree.ts";

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
const MACHINE = /(?:^|\0)FLY_MACHINE_ID=([0-9a-f]+)(?:\0|$)/;

export interface Caller {
  /** By the computer's numbers. */
  readonly pid: number;
  /** The id of the Machine that its environment names, which anybody can write there. */
  readonly claims: string;
}

/** @returns null where it claims to be no Machine, is not of this computer, or there is no /proc */
export function callerOf(socket: Socket): Caller | null {
  const inode = inodeOf(socket.remotePort ?? 0, socket.localPort ?? 0);
  if (inode === null) return null;
  const pid = allProcesses().find((each) => holds(each, `socket:[${inode}]`));
  if (pid === undefined) return null;
  try {
    const claims = MACHINE.exec(readFileSync(`/proc/${pid}/environ`, "latin1"))?.[1];
    return claims === undefined ? null : { pid, claims };
  } catch {
    return null;
  }
}

/** Of the caller's end of a connection (proc(5), /proc/net/tcp: ports in hex). */
function inodeOf(callersPort: number, ownPort: number): string | null {
  for (const table of TABLES) {
    for (const line of linesOf(table)) {
      const [, local = "", remote = "", , , , , , , inode = "0"] = line.trim().split(/\s+/);
      if (portOf(local) === callersPort && portOf(remote) === ownPort && inode !== "0") return inode;
    }
  }
  return null;
}

function portOf(address: string): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(1);
  } catch {
    return [];
  }
}

function holds(pid: number, target: string): boolean {
  try {
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).some((fd) => {
      try {
        return readlinkSync(`${directory}/${fd}`) === target;
      } catch {
        // Closed meanwhile.
        return false;
      }
    });
  } catch {
    return false;
  }
}
