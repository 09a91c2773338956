/** An Attempt: one try of a Run on exactly one Machine. */

import type { MachineConfig } from "./machine.ts";
import type { Exit, LimitName, OutputSummary, Reason } from "./run.ts";
import type { Guest } from "./run-spec.ts";
import type { StepRecord } from "./step/record.ts";

/** What follows a failed attempt: decided with the failure, and carried out once its time has come. */
export interface NextAttempt {
  /** Epoch milliseconds before which it is not planned. */
  at: number;
  guest: Guest;
  /** A region expression of the spec's, or the deployment's default; null leaves the choice to Fly. */
  region: string | null;
}

export interface Attempt {
  /** From 1. */
  number: number;
  /** Derives from run and attempt; see `machineName` in `core/id.ts`. */
  machineName: string;
  /** Frozen when the attempt was planned: later changes of a Job do not reach it. */
  machineConfig: MachineConfig;
  /** The Fly app that its Machine is in; null in attempts of before there were several, which are in the first one. */
  app: string | null;
  /** Null until the Machine is known to exist. */
  machineId: string | null;
  /** Where the Machine is; null until it exists. */
  region: string | null;
  reason: Reason | null;
  /** As in the run. */
  limit: LimitName | null;
  detail: string | null;
  exit: Exit | null;
  /** Null until the attempt has ended. */
  output: OutputSummary | null;
  /** The attempt that follows this failed one; null where none does. */
  next: NextAttempt | null;
  /** Never changes: its secrets are those of this time, whenever its Machine is asked for. */
  plannedAt: number;
  /** From when on its Machine is asked for: when the attempt was stored, or the later time that was kept free for it in its app. */
  createAskedAt: number;
  /**
   * Somebody may have asked for its Machine. Whoever waits for the time above records that it asks before it does, so as long as
   * this is false nobody has, whatever clocks and drivers did meanwhile.
   */
  mayBeAsked: boolean;
  /** The Machine is known to exist. */
  createdAt: number | null;
  /** Its Machine was made ahead, and somebody was about to start it. Null before, and of a Machine that starts at once. */
  readyAt: number | null;
  /** Its image was there and it began to boot. Null before, and where the whole start was quick. */
  imageReadyAt: number | null;
  startedAt: number | null;
  firstOutputAt: number | null;
  exitedAt: number | null;
  /** A stop signal was sent: by a cancel, or because a limit passed. */
  stopRequestedAt: number | null;
  /** Outcome known; the Machine is about to be released. */
  settledAt: number | null;
  /** Its Machine is known to be gone, or never to have been, and another attempt follows. Of the last one `open` of the run tells. */
  releasedAt: number | null;
  /** Creates whose answer left it open whether the Machine exists. */
  uncertainCreates: number;
  /** How its steps went, as far as anybody knows, in the order in which they ended, the one under way last; empty where it has none. */
  steps: StepRecord[];
}
