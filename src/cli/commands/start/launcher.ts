/** Ending when the process that started this one is killed outright: then no signal comes, only another parent. */

import type { Io } from "../../io.ts";

const LOOK_MS = 1_000;

/** Where an `npm start` stands behind this process, ends it as a TERM would once that is gone. @returns what stops the watch */
export function endWithLauncher(io: Io): () => void {
  const launcher = process.ppid;
  if (io.env.MAYFLY_LAUNCHER_PID !== String(launcher)) return () => undefined;
  const timer = setInterval(() => {
    if (process.ppid !== launcher) process.kill(process.pid, "SIGTERM");
  }, LOOK_MS);
  return () => clearInterval(timer);
}
