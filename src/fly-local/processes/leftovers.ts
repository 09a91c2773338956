/** Names for what a server makes on the computer, which tell the next server whether it is left over. */

import { randomBytes } from "node:crypto";
import { startOf } from "./tree.ts";

const NAME = /^mayfly-(\d+)-(\d+)-[0-9a-f]+$/;
/** A server is known by its process and that one's start: numbers of processes come again, in containers even at once. */
const OWN_START = startOf(process.pid) ?? "0";

/** A name that nothing else has. */
export function freshName(): string {
  return `mayfly-${process.pid}-${OWN_START}-${randomBytes(6).toString("hex")}`;
}

/** Whether this was made by a server that is gone. */
export function isLeftover(name: string): boolean {
  const [, pid, start] = NAME.exec(name) ?? [];
  return pid !== undefined && startOf(Number(pid)) !== start;
}
