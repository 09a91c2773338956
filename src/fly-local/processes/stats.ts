/**
 * What `/proc` tells of processes, in the words of Fly's ProcessStat, whose units its documents leave open: `stime` is when
 * the process began (Unix seconds), `rtime` how long ago that is (seconds), `cpu` the processor time it took (milliseconds),
 * `rss` bytes.
 */

import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readProc, statOf } from "./tree.ts";

export interface ListenSocket {
  readonly proto: "tcp" | "udp";
  /** "127.0.0.1:80", "[::]:80" */
  readonly address: string;
}

export interface ProcessStat {
  /** As the Machine itself numbers it. */
  readonly pid: number;
  readonly stime: number;
  readonly rtime: number;
  readonly command: string;
  readonly directory: string;
  readonly cpu: number;
  readonly rss: number;
  readonly listen_sockets: readonly ListenSocket[];
}

export function hasProc(): boolean {
  return existsSync("/proc/self/stat");
}

/** @param pids by the computer's numbers; those that have ended are left out */
export function processStats(pids: readonly number[]): ProcessStat[] {
  const booted = bootTime();
  const sockets = new Map<string, Map<string, ListenSocket>>();
  return pids.flatMap((pid) => {
    const fields = statOf(pid);
    if (fields.length < 22) return [];
    // Fields of proc_pid_stat(5) are counted from 1, and these begin with the third.
    const field = (number: number) => Number(fields[number - 3]);
    const stime = Math.floor(booted + field(22) / TICKS_PER_S);
    return {
      pid: innerPid(pid),
      stime,
      rtime: Math.max(0, Math.floor(Date.now() / 1000) - stime),
      command: (readProc(`${pid}/cmdline`) ?? "").replace(/\0$/, "").replaceAll("\0", " "),
      directory: link(`/proc/${pid}/cwd`) ?? "",
      cpu: Math.round(((field(14) + field(15)) * 1000) / TICKS_PER_S),
      rss: field(24) * PAGE_BYTES,
      listen_sockets: socketsOf(pid, sockets),
    };
  });
}

/** Memory that is the processes' own, in MiB: pages of files are not counted, which the kernel can take back. */
export function usedMemoryMb(pids: readonly number[]): number {
  return Math.ceil(pids.reduce((sum, pid) => sum + ownMemoryBytes(pid), 0) / MIB);
}

/** What of a process's memory cannot be given back to the files that it came from; what processes share counts for each. */
export function ownMemoryBytes(pid: number): number {
  let kib = 0;
  for (const [, amount] of (readProc(`${pid}/status`) ?? "").matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm))
    kib += Number(amount);
  return kib * 1024;
}

const MIB = 1 << 20;

/** USER_HZ, the same on every Linux that Node runs on. */
const TICKS_PER_S = 100;
/** Of `rss` in stat; right on x64 and nearly every arm64. */
const PAGE_BYTES = 4096;

function bootTime(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1] ?? 0);
}

function innerPid(pid: number): number {
  const numbers = /^NSpid:\s+(.+)$/m.exec(readProc(`${pid}/status`) ?? "")?.[1];
  return Number(numbers?.split(/\s+/).at(-1) ?? pid);
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** @param known what was read already, by network namespace */
function socketsOf(pid: number, known: Map<string, Map<string, ListenSocket>>): ListenSocket[] {
  const network = link(`/proc/${pid}/ns/net`) ?? "";
  const listening = known.get(network) ?? listeningIn(pid);
  known.set(network, listening);
  const inodes = new Set<string>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`) ?? "")?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
  } catch {}
  return [...inodes].flatMap((inode) => listening.get(inode) ?? []);
}

/** Sockets of the process's network that wait for others, by inode. */
function listeningIn(pid: number): Map<string, ListenSocket> {
  const found = new Map<string, ListenSocket>();
  for (const proto of ["tcp", "udp"] as const)
    for (const family of ["", "6"])
      for (const line of (readProc(`${pid}/net/${proto}${family}`) ?? "").split("\n").slice(1)) {
        const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
        if (state === WAITS[proto]) found.set(inode, { proto, address: addressOf(local) });
      }
  return found;
}

/** TCP_LISTEN, and a UDP socket without a peer. */
const WAITS = { tcp: "0A", udp: "07" };

/** "0100007F:0050" is 127.0.0.1:80: the kernel writes addresses in words of this computer's byte order. */
function addressOf(local: string): string {
  const [hex = "", port = ""] = local.split(":");
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  const number = Number.parseInt(port, 16);
  if (words.length === 1) return `${bytes.map((byte) => Number.parseInt(byte, 16)).join(".")}:${number}`;
  const groups = Array.from({ length: 8 }, (_, index) => `${bytes[2 * index]}${bytes[2 * index + 1]}`);
  return `${new URL(`http://[${groups.join(":")}]`).hostname}:${number}`;
}
