/**
 * Events: the immutable, numbered facts about a Run. The list is closed; `core/lifecycle.ts` says which may follow
 * which, and `applyEvent` there folds them into the Run.
 */

import type { NextAttempt } from "./attempt.ts";
import type { RunUpstream } from "./chain/upstream.ts";
import type { RunDelivery } from "./hook/run-delivery.ts";
import type { RunJob } from "./job.ts";
import type { MachineConfig, MachineEvent } from "./machine.ts";
import type { Stream } from "./output.ts";
import type { Exit, FinalStatus, LimitName, OutputSummary, Reason } from "./run.ts";
import type { RunSpec } from "./run-spec.ts";
import type { RunFiring } from "./schedule/firing.ts";

interface Stamped {
  /** Epoch milliseconds at which the fact was learnt. */
  at: number;
}

/** Always number 1. */
export interface Accepted extends Stamped {
  type: "accepted";
  spec: RunSpec;
  /** The run that this one repeats; null where it repeats none. */
  originId: string | null;
  /** The Job that it is a run of; absent where its spec came inline. */
  job?: RunJob;
  /** The due time of the job's schedule that it is for; absent where a call submitted it. */
  firing?: RunFiring;
  /** The delivery that it is for; absent where no hook of the job was called. */
  delivery?: RunDelivery;
  /** The run after which it is started; absent where it is not by a chain. */
  upstream?: RunUpstream;
}

/** The attempt's Machine is decided and about to be asked for. */
export interface AttemptPlanned extends Stamped {
  type: "attempt_planned";
  attempt: number;
  machineName: string;
  machineConfig: MachineConfig;
  /** Null in events of before there were several apps. */
  app: string | null;
  /** When its Machine may be asked for; not before the event. */
  launchAt: number;
}

/**
 * The time of a launch that was waited for has come, and its Machine is about to be asked for; or another launch was taken in its
 * place; or a driver that took over is about to ask, by the launch that there is.
 */
export interface LaunchTaken extends Stamped {
  type: "launch_taken";
  attempt: number;
  app: string | null;
  launchAt: number;
  /** Somebody may ask for the Machine from now on, or may have done so before. */
  mayBeAsked: boolean;
}

/** A create was answered in a way that leaves it open whether the Machine exists. */
export interface CreateUncertain extends Stamped {
  type: "create_uncertain";
  attempt: number;
  error: string;
}

/** The Machine exists: created by us now, or found to have been. */
export interface MachineCreated extends Stamped {
  type: "machine_created";
  attempt: number;
  machineId: string;
  region: string | null;
  /** True where an earlier ask turns out to have made it. */
  adopted: boolean;
}

/**
 * The Machine was made ahead of its run's time, and is started by whoever records this, at that time: the event's number is the lock.
 * Who takes over records it again.
 */
export interface MachineReady extends Stamped {
  type: "machine_ready";
  attempt: number;
}

export interface MachineStarted extends Stamped {
  type: "machine_started";
  attempt: number;
  /** When its image was there and it began to boot; absent where nobody asked, as a start that was quick is not worth a call. */
  imageReadyAt?: number;
}

export interface CancelRequested extends Stamped {
  type: "cancel_requested";
  /** The newer run of the same concurrency key that asked; absent where somebody did. */
  supersededBy?: string;
}

/** The run stands in line: the queue has no room, or others were there before. */
export interface SlotAwaited extends Stamped {
  type: "slot_awaited";
  queue: string;
  limit: number;
}

/** The run has a slot of the queue, until its command is known to run no more. */
export interface SlotTaken extends Stamped {
  type: "slot_taken";
  queue: string;
  limit: number;
}

/** The command was told to stop. */
export interface StopRequested extends Stamped {
  type: "stop_requested";
  attempt: number;
}

/** The command's end is known, from the runner or from the Machine's exit event. */
export interface Exited extends Stamped {
  type: "exited";
  attempt: number;
  exit: Exit;
  source: "runner" | "machine";
}

/** A step is under way. One that is over when it is first heard of has no such event. */
export interface StepStarted extends Stamped {
  type: "step_started";
  attempt: number;
  /** Its number, from 1. */
  step: number;
  /** Epoch milliseconds. */
  startedAt: number;
  /** Where its section of each stream begins. */
  from: Record<Stream, number>;
}

/** A step is over. */
export interface StepEnded extends Stamped {
  type: "step_ended";
  attempt: number;
  step: number;
  /** The shell's; null where the command was over with it and nobody knows. */
  exitCode: number | null;
  /** Its own time limit passed. */
  timedOut: boolean;
  startedAt: number;
  endedAt: number;
  from: Record<Stream, number>;
  /** Where its section of each stream ends: the first byte that is not its own. */
  to: Record<Stream, number>;
}

/** Steps whose condition did not hold. */
export interface StepsSkipped extends Stamped {
  type: "steps_skipped";
  attempt: number;
  steps: number[];
}

/** The attempt is over and another will follow. */
export interface AttemptFailed extends Stamped {
  type: "attempt_failed";
  attempt: number;
  reason: Reason;
  limit: LimitName | null;
  detail: string | null;
  exit: Exit | null;
  /** Of this attempt. */
  output: OutputSummary;
  next: NextAttempt;
}

/** The run's outcome. Exactly one per run. */
export interface Settled extends Stamped {
  type: "settled";
  status: FinalStatus;
  reason: Reason | null;
  limit: LimitName | null;
  detail: string | null;
  exit: Exit | null;
  /** Of the last attempt; nothing where that had failed before. */
  output: OutputSummary;
}

/** The Machine is known to be gone. `events` are the Machine's own, oldest first. */
export interface MachineReleased extends Stamped {
  type: "machine_released";
  attempt: number;
  events: MachineEvent[];
}

export type RunEvent =
  | Accepted
  | AttemptPlanned
  | LaunchTaken
  | CreateUncertain
  | MachineCreated
  | MachineReady
  | MachineStarted
  | CancelRequested
  | StopRequested
  | Exited
  | StepStarted
  | StepEnded
  | StepsSkipped
  | AttemptFailed
  | Settled
  | MachineReleased
  | SlotAwaited
  | SlotTaken;

export type EventType = RunEvent["type"];

export const EVENT_TYPES = [
  "accepted",
  "attempt_planned",
  "launch_taken",
  "create_uncertain",
  "machine_created",
  "machine_ready",
  "machine_started",
  "cancel_requested",
  "stop_requested",
  "exited",
  "attempt_failed",
  "settled",
  "machine_released",
  "slot_awaited",
  "slot_taken",
  "step_started",
  "step_ended",
  "steps_skipped",
] as const satisfies readonly EventType[];
