/**
 * The directories that stand for Machines' groups, beside each other and not in one of their own: so a Machine counts as
 * much as any other process where CPUs are scarce. A server that was killed leaves its empty ones to the next.
 */

import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Operation, writeInto } from "../init/operations.ts";
import { freshName, isLeftover } from "../leftovers.ts";

/** The kernel takes a moment to notice that the last process is gone. */
const REMOVE_TRIES = 50;
const REMOVE_AGAIN_MS = 10;

/** Makes the same group in each of these. @returns what was made */
export function makeIn(parents: readonly string[]): string[] {
  const name = freshName();
  const directories: string[] = [];
  try {
    for (const parent of parents) {
      mkdirSync(join(parent, name));
      directories.push(join(parent, name));
    }
  } catch (error) {
    for (const directory of directories) rmdirSync(directory);
    throw error;
  }
  return directories;
}

/** How the process that does these joins the groups. */
export function entering(directories: readonly string[]): Operation[] {
  return directories.map((directory) => writeInto(join(directory, "cgroup.procs"), "0"));
}

/** Writes a setting. @param tolerated codes of errors that leave it as it is */
export function setting(
  directory: string,
  name: string,
  value: string,
  tolerated: readonly string[] = [],
): void {
  try {
    // Without O_CREAT, which a cgroup file system refuses.
    writeFileSync(join(directory, name), value, { flag: "r+" });
  } catch (error) {
    if (!tolerated.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** A kernel without swap has no settings for it. */
export const WITHOUT_SWAP = ["ENOENT"];

/** Not by the thread that serves: the kernel takes a millisecond for it. */
export async function removeAll(directories: readonly string[]): Promise<void> {
  for (const directory of directories)
    for (let tries = 0; !(await isRemoved(directory)) && tries < REMOVE_TRIES; tries++)
      await pause(REMOVE_AGAIN_MS);
}

async function isRemoved(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EBUSY";
  }
  return true;
}

/** Removes what servers that are gone left empty. */
export function removeLeftovers(parents: readonly string[]): void {
  for (const parent of parents)
    for (const name of readdirSync(parent)) if (isLeftover(name)) void isRemoved(join(parent, name));
}
