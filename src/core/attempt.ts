/** An Attempt: one try of a Run on exactly one Machine. */

import type { MachineConfig } from "./machine.ts";
import type { Exit, Reason } from "./run.ts";

export interface Attempt {
  /** From 1. */
  number: number;
  /** Derives from run and attempt; see `machineName` in `core/id.ts`. */
  machineName: string;
  /** Frozen when the attempt was planned: later changes of a Job do not reach it. */
  machineConfig: MachineConfig;
  /** Null until the Machine is known to exist. */
  machineId: string | null;
  /** Where the Machine is; null until it exists. */
  region: string | null;
  reason: Reason | null;
  exit: Exit | null;
  /** When the attempt was stored, just before its Machine is asked for. */
  createAskedAt: number;
  /** The Machine is known to exist. */
  createdAt: number | null;
  startedAt: number | null;
  firstOutputAt: number | null;
  exitedAt: number | null;
  /** A stop signal was sent: by a cancel, or because a limit passed. */
  stopRequestedAt: number | null;
  /** Outcome known; the Machine is about to be released. */
  settledAt: number | null;
  /** Creates whose answer left it open whether the Machine exists. */
  uncertainCreates: number;
}
