/** An exec until its end, or until something cuts it off: its time is up, its client leaves, the Machine dies. */

import { CouldNotStart, type ExecResult, type RunningExec } from "../processes/level.ts";

export type ExecOutcome =
  | { kind: "ended"; result: ExecResult }
  | { kind: "timed_out" }
  | { kind: "machine_died" }
  | { kind: "client_left" }
  | { kind: "not_running" }
  | { kind: "could_not_start"; reason: string };

/** What happens to a Machine that its execs are told of. */
export interface Interruptions {
  /** The main process has ended, and everything is about to be killed. */
  readonly died: () => void;
  /** Everything is about to be frozen. */
  readonly frozen: () => void;
}

/** What can not be killed, such as a process that waits for a broken disk, does not keep a client from its answer. */
const KILLED_WITHIN_MS = 1_000;

/**
 * @param timeoutMs after which it is killed
 * @param left aborts when the client is gone
 * @param listen is given what to call when something happens to the Machine; returns what ends that
 */
export async function untilCutOff(
  exec: RunningExec,
  timeoutMs: number,
  left: AbortSignal,
  listen: (told: Interruptions) => () => void,
): Promise<ExecOutcome> {
  const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<ExecOutcome>();
  let cut: ExecOutcome | null = null;
  let patience: NodeJS.Timeout | undefined;
  const cutOff = (outcome: ExecOutcome) => {
    cut ??= outcome;
    exec.kill();
    patience ??= setTimeout(giveUp, KILLED_WITHIN_MS, cut);
  };
  const timer = setTimeout(cutOff, timeoutMs, { kind: "timed_out" });
  const leave = () => cutOff({ kind: "client_left" });
  left.addEventListener("abort", leave);
  if (left.aborted) leave();
  // The end of the Machine kills it, and may come after its own.
  const forget = listen({
    died: () => {
      cut ??= { kind: "machine_died" };
    },
    frozen: () => giveUp({ kind: "machine_died" }),
  });
  const ended = exec.result.then(
    (result): ExecOutcome => {
      const isCut = cut !== null && (cut.kind !== "machine_died" || result.signal !== null);
      return isCut && cut !== null ? cut : { kind: "ended", result };
    },
    (error: unknown): ExecOutcome => {
      if (error instanceof CouldNotStart) return { kind: "could_not_start", reason: error.message };
      throw error;
    },
  );
  try {
    return await Promise.race([ended, gaveUp]);
  } finally {
    clearTimeout(timer);
    clearTimeout(patience);
    left.removeEventListener("abort", leave);
    forget();
  }
}
