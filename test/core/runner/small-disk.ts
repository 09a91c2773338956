/** A disk that is soon full. It takes root to make one. */

import { execFileSync } from "node:child_process";
import { mkdirSync, rmdirSync } from "node:fs";

/** A disk of 128 KiB for boxes; gives its name. */
export async function onSmallDisk(use: (disk: string) => Promise<void>): Promise<void> {
  const disk = `disk-${process.pid}-${Date.now()}`;
  const path = `/tmp/.mayfly-${disk}`;
  mkdirSync(path);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", path]);
  try {
    await use(disk);
  } finally {
    execFileSync("umount", ["-l", path]);
    rmdirSync(path);
  }
}
