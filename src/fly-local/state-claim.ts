/**
 * One server at a time has a folder of state: a second one would take the first one's machines for lost. The kernel holds the
 * claim, by SQLite's lock on a file, and drops it with the process however that ends; numbers of processes would not do, as
 * they come again and differ from container to container. A file beside it is for words.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { STATE_CLAIM_AGAIN_MS, STATE_CLAIM_WAIT_MS } from "./limits.ts";

export interface StateClaim {
  /** Where this server can be reached, for whoever is refused. */
  listensOn(url: string): void;
  /** From now on whoever wants the folder is to wait for it. */
  ending(): void;
  release(): void;
}

/** Who has a folder; the address is not there yet while that one starts. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly url?: string;
}

/** sqlite3.h */
const SQLITE_BUSY = 5;

/** @throws Error where another server has the folder and is not about to end, or to say who it is */
export async function claimState(directory: string): Promise<StateClaim> {
  mkdirSync(directory, { recursive: true });
  const named = join(directory, "holder.json");
  const giveUpAt = performance.now() + STATE_CLAIM_WAIT_MS;
  let db = lock(directory);
  while (db === null) {
    const holder = readHolder(named);
    if (holder !== null || performance.now() > giveUpAt) throw new Error(inUse(directory, holder));
    await new Promise((resolve) => setTimeout(resolve, STATE_CLAIM_AGAIN_MS));
    db = lock(directory);
  }
  const held = db;
  const own: Holder = { pid: process.pid, host: hostname() };
  const name = (holder: Holder) => writeFileSync(named, JSON.stringify(holder));
  name(own);
  return {
    listensOn: (url) => name({ ...own, url }),
    ending: () => rmSync(named, { force: true }),
    release: () => {
      rmSync(named, { force: true });
      held.close();
    },
  };
}

/** @returns null where another one has it */
function lock(directory: string): DatabaseSync | null {
  const db = new DatabaseSync(join(directory, "lock.sqlite"));
  try {
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
    return db;
  } catch (error) {
    db.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
    throw error;
  }
}

/** Null where nobody has said who it is, or not all of it. */
function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return null;
  }
}

function inUse(directory: string, holder: Holder | null): string {
  const who = holder === null ? "" : ` (${whoIs(holder)})`;
  return `the state in ${directory} is in use by another local Machines API${who}: end that one, or choose another folder with --state`;
}

function whoIs({ pid, host, url }: Holder): string {
  const process = `process ${pid}${host === hostname() ? "" : ` on ${host}`}`;
  return url === undefined ? process : `${process}, ${url}`;
}
