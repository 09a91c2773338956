/** What an init is told to do to namespaces, mounts and files, one system call each: `operate()` of `init.c`. */

import { dirname } from "node:path";
import { strings } from "./protocol.ts";

/** Flags of clone(2) and unshare(2). */
export const NAMESPACE = {
  mount: 0x20000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
} as const;

/** Flags of mount(2). */
export const MOUNT = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
  move: 8192,
} as const;

export interface Operation {
  readonly bytes: Buffer;
  /** For the message where it fails. */
  readonly text: string;
}

export const unshare = (flags: number): Operation => operation("U", `unshare ${flags}`, [String(flags)]);

/** What follows is done by a new process in new namespaces, which is PID 1 if a PID namespace is among them. */
export const enterNamespaces = (flags: number): Operation =>
  operation("N", `make namespaces ${flags}`, [String(flags)]);

export const mount = (source: string, target: string, type: string, flags = 0, data = ""): Operation =>
  operation("M", `mount ${type || source} on ${target}`, [source, target, type, String(flags), data]);

/** One that is passed over where its path is not there. */
export function ifPossible({ bytes, text }: Operation): Operation {
  const small = Buffer.from(bytes);
  small[0] = (small[0] ?? 0) | SMALL_LETTER;
  return { bytes: small, text };
}

/** What tells a small letter from its capital in ASCII. */
const SMALL_LETTER = 0x20;

/** These leave alone what is there. */
export const makeDirectory = (path: string, mode = 0o755): Operation =>
  operation("D", `make the directory ${path}`, [path, String(mode)]);
export const makeLink = (target: string, path: string): Operation =>
  operation("L", `make the link ${path}`, [target, path]);
export const makeEmptyFile = (path: string): Operation => operation("F", `make the file ${path}`, [path]);

/** A directory with those above it. */
export function makeDirectories(path: string): Operation[] {
  const names = path.split("/").filter(Boolean);
  return names.map((_, index) => makeDirectory(`/${names.slice(0, index + 1).join("/")}`));
}

const CHARACTER_DEVICE = 0o20000;

export const makeDevice = (path: string, major: number, minor: number): Operation =>
  operation("C", `make the device ${path}`, [
    path,
    String(CHARACTER_DEVICE | 0o666),
    String((major << 8) | minor),
  ]);

/** Keeps all that is run from here on from new user namespaces, where root would have every right, and from the kernel's keys. */
export const guard = (): Operation => operation("G", "forbid user namespaces (seccomp)", []);

/** Makes a mounted directory the root. */
export const changeRoot = (path: string): Operation => operation("R", `change the root to ${path}`, [path]);

export const setHostname = (name: string): Operation => operation("H", `set the host name ${name}`, [name]);

/** Signals every process of the Machine but its init, at one moment: none can be made meanwhile and be missed. */
export const signalAll = (signal: number): Operation =>
  operation("S", `signal all with ${signal}`, [String(signal)]);
/** Brings a network interface up. */
export const bringUp = (name: string): Operation => operation("I", `bring ${name} up`, [name]);

/** Writes into a file that is there, such as the kernel's. */
export const writeInto = (path: string, text: string): Operation =>
  operation("W", `write ${path}`, [path, text]);

/** Puts a file there, with the directories above it. A link in its place is replaced. */
export function putFile(path: string, content: Buffer, mode: number): Operation[] {
  const first = content.subarray(0, PIECE_BYTES);
  const pieces: Operation[] = [];
  for (let at = PIECE_BYTES; at < content.length; at += PIECE_BYTES) {
    const piece = content.subarray(at, at + PIECE_BYTES);
    pieces.push(operation("A", `write ${path}`, [path, String(piece.length)], piece));
  }
  return [
    ...makeDirectories(dirname(path)),
    operation("B", `write ${path}`, [path, String(mode), String(first.length)], first),
    ...pieces,
  ];
}

/** Reads the number after a name that a line begins with, such as "oom_kill " in a cgroup's `memory.events`; "" is at the beginning. */
export const readNumber = (path: string, name = ""): Operation =>
  operation("K", `read ${path}`, [path, name]);

const PIECE_BYTES = 1 << 20;

function operation(letter: string, text: string, args: readonly string[], content?: Buffer): Operation {
  const head = Buffer.concat([Buffer.from(letter), strings(...args)]);
  return { bytes: content === undefined ? head : Buffer.concat([head, content]), text };
}
