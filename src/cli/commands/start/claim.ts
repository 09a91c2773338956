/** One start at a time keeps its things in a folder: two workers over one database would be two truths. */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../../cli-error.ts";
import type { LocalMayfly } from "../../connection.ts";
import type { Places } from "./places.ts";

/**
 * Claims the folder for this process.
 * @returns what gives it up again
 * @throws CliError in one line where another start that still answers has it
 */
export async function claim(places: Places): Promise<() => void> {
  const file = join(places.dir, "pid");
  const holder = existsSync(file) ? Number(readFileSync(file, "utf8")) : null;
  if (holder !== null && holder !== process.pid && isAlive(holder) && (await answers(places)))
    throw new CliError(
      `Mayfly runs from ${places.dir} already (process ${holder}); end it, or choose another folder with --dir`,
    );
  writeFileSync(file, `${process.pid}\n`);
  return () => rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Numbers of processes are used again, so the holder must also be heard. */
async function answers({ local }: Places): Promise<boolean> {
  try {
    const { url } = JSON.parse(readFileSync(local, "utf8")) as LocalMayfly;
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
