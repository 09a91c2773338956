/**
 * What the flow needs of the world, in our own words. `d1/`, `r2/`, `fly/` and `worker/` provide it on Cloudflare and Fly;
 * tests provide it in memory. Expected outcomes are values; only broken assumptions throw.
 */

import type { RunEvent } from "../core/event.ts";
import type { Machine, MachineConfig, MachineState } from "../core/machine.ts";
import type { ChunkPosition, OutputChunk, OutputOffsets } from "../core/output.ts";
import type { TakenLaunch } from "../core/pace.ts";
import type { Run, RunState, RunStatus } from "../core/run.ts";
import type { SpecFile } from "../core/run-spec.ts";
import type { NewDelivery } from "./ports/hooks.ts";

/** A caller's promise that a repeated submission is the same one. */
export interface IdempotencyKey {
  key: string;
  /** SHA-256 of the request body, hex: the same bytes are a repeat whatever has become of the defaults since. */
  bodyHash: string;
}

/** What a used key leads to. */
export interface UsedKey {
  runId: string;
  bodyHash: string;
}

export type AcceptResult =
  | { kind: "accepted" }
  /** The key was used before, by another run: this one. */
  | ({ kind: "repeated" } & UsedKey)
  /** One of the slots that its events take can not be had. */
  | { kind: "no_room" }
  /** It is for a due time, or a handover, that has a run already, or is not to have one any more. */
  | { kind: "not_armed" }
  /** Its delivery is in the ledger already, by an earlier call. */
  | { kind: "delivered" };

/** Some queues' heads. */
export interface QueueHeads {
  /** Runs at the head of a line for which there is room. */
  runIds: string[];
  /** The queue to go on after; null where there is none left. */
  nextAfter: string | null;
}

/** Some runs that a sweep looks after. */
export interface OpenRuns {
  runIds: string[];
  /** Where to go on; null where there are no others. */
  nextAfter: string | null;
}

/** How many runs wait before a run, up to `PLACE_MAX_COUNTED`, and how many have a slot. */
export interface Place {
  ahead: number;
  held: number;
}

/** The same for whoever asks, and about when the run is launched that waits for that; null where it waits for a slot. */
export interface ShownPlace extends Place {
  launchAt: number | null;
}

/** A numbered event as it is stored. */
export interface NumberedEvent {
  seq: number;
  event: RunEvent;
}

export interface RunFilter {
  statuses: RunStatus[];
  tag: { key: string; value: string } | null;
  /** Only runs that repeat this one; null for all. */
  originId: string | null;
  /** Only runs of this job; null for all. */
  job: string | null;
  /** Epoch milliseconds, inclusive; null for no bound. */
  sinceMs: number | null;
  /** Epoch milliseconds, exclusive. */
  untilMs: number | null;
  /** Only runs older than this one: the last of the page before. */
  beforeRunId: string | null;
  limit: number;
}

/** At most as many runs as were asked for; fewer, or none, where looking further was left to the next call. */
export interface RunPage {
  runs: Run[];
  /** The `beforeRunId` of the next page; null where there are no others. */
  nextBefore: string | null;
}

/** What a sweep goes over in pages. */
export type SweptOver = "runs" | "queues" | "ledgers" | "deliveries";

/** A run that is not stored yet, with its first events. */
export interface NewRun {
  state: RunState;
  events: RunEvent[];
}

/** Runs, events and output. The number of an event is the lock: of two writers of one number, one leaves no trace. */
export interface Store {
  /**
   * Stores a new run with its first events (numbers 1 …), all or nothing; with a run that has a firing, or a place in a chain, goes the row of
   * the ledger, which must be armed. A call that comes twice is told so twice.
   * @param delivery of the ledger, which the run is for and which is stored with it, unless there is one of its id; null for none
   */
  accept(
    state: RunState,
    events: RunEvent[],
    key: IdempotencyKey | null,
    delivery?: NewDelivery | null,
  ): Promise<AcceptResult>;
  /** The same for several runs without keys, all or nothing. False where nothing is stored, since one of them can not be, or not so. */
  acceptAll(news: NewRun[]): Promise<boolean>;
  /** The run that an earlier request with this key made, and its body; null where the key is new. */
  usedKey(orgId: string, key: string): Promise<UsedKey | null>;
  load(runId: string): Promise<RunState | null>;
  /**
   * Records events that follow `before`, with the output fetched along with them, all or nothing.
   * @returns the state after them, or null where another writer was first: load again and decide anew.
   */
  record(before: RunState, events: RunEvent[], chunks: OutputChunk[]): Promise<RunState | null>;
  /**
   * The same where events take slots: nothing is stored, and `no_room` answered, where a queue has none left or another run is
   * before this one in its line.
   */
  recordWithSlots(
    before: RunState,
    events: RunEvent[],
    chunks: OutputChunk[],
  ): Promise<RunState | null | "no_room">;
  /** Stores output alone, all or nothing. False where another writer has stored chunks of these numbers. */
  appendOutput(state: RunState, chunks: OutputChunk[]): Promise<boolean>;
  outputOffsets(runId: string, attempt: number): Promise<OutputOffsets>;
  /** Chunks after a position in order, at most `limit`. */
  readOutput(runId: string, after: ChunkPosition, limit: number): Promise<OutputChunk[]>;
  /** The newest chunks, oldest of them first, at most `limit`. */
  lastOutput(runId: string, limit: number): Promise<OutputChunk[]>;
  /** Runs that fit, newest first. */
  list(orgId: string, filter: RunFilter): Promise<RunPage>;
  /** Those of these runs that there are, as lists have them, in no order. */
  summaries(orgId: string, runIds: string[]): Promise<Run[]>;
  events(runId: string, afterSeq: number, limit: number): Promise<NumberedEvent[]>;
  /**
   * Whether a run that was accepted ahead of its due time still has it. Where its schedule or its job has changed since, or rests, the
   * due time is given back: it is armed again, and decided when it comes.
   */
  isStillDue(run: Run): Promise<boolean>;
  /** Runs that repeat this one, newest first, at most `limit`. */
  reruns(runId: string, limit: number): Promise<string[]>;
  /**
   * Runs with something left to do, quiet since `quietSince` and not waiting for a later time than that, in an order of the store's own.
   * @param after `nextAfter` of the page before, "" for the first
   */
  openRuns(after: string, quietSince: number, limit: number): Promise<OpenRuns>;
  /**
   * The run at the head of a queue's line, where there is room for it.
   * @param organizationLimit room in the organization's own queue; null for no limit
   */
  nextInQueue(orgId: string, queue: string, organizationLimit: number | null): Promise<string | null>;
  /** The same of all queues after one by name, at most `limit` of them. */
  queueHeads(
    orgId: string,
    afterQueue: string,
    limit: number,
    organizationLimit: number | null,
  ): Promise<QueueHeads>;
  /**
   * Gives back what runs have left that are over or no more there, in the same queues: code that knew nothing of queues ended them.
   * @returns how many tickets
   */
  dropLeftTickets(orgId: string, afterQueue: string, limit: number): Promise<number>;
  placeInQueue(run: Run, queue: string): Promise<Place>;
  /**
   * Runs older than this one that have a slot of a queue or wait for one, and that are neither over nor asked to cancel, but for
   * the `spared` newest of them; newest first, at most `limit`.
   */
  olderInQueue(run: Run, queue: string, spared: number, limit: number): Promise<string[]>;
  /** The place among the open runs, the queue and the schedule (as JSON) at which a sweep broke off, for the next one to go on; "" where it came to the end. */
  sweepCursors(): Promise<Record<SweptOver, string>>;
  keepSweepCursor(over: SweptOver, cursor: string, at: number): Promise<void>;
  /**
   * Takes the next launch of the app whose turn it is, and stores that, in one: of those who take at the same time each gets
   * one of its own. The arithmetic is `core/pace.ts`.
   * @param apps one at least
   * @param beforeMs a launch at that time or later is not taken; left out, any is
   * @param inLine the run that wants it: a launch beyond the horizon is not taken, nor one that is wanted by those before the run
   * in the line of its organization, whether it stands there or comes in. Null for an attempt that is planned already, which goes
   * before all
   * @returns null where none was taken
   */
  takeLaunch(
    apps: string[],
    intervalMs: number,
    nowMs: number,
    beforeMs?: number,
    inLine?: Run | null,
  ): Promise<TakenLaunch | null>;
  /** When a run that stands in line for a launch is to try again by itself: `nextLaunchTryAt` of `core/pace.ts`. */
  nextLaunchTry(
    run: Run,
    apps: string[],
    intervalMs: number,
    nowMs: number,
    beforeMs: number,
  ): Promise<number | null>;
  /**
   * The runs in line for a launch that are to be called: as many as there are launches for, but the first in any case, which has to
   * know that it is; at most `limit`.
   */
  nextForLaunches(
    orgId: string,
    apps: string[],
    intervalMs: number,
    nowMs: number,
    limit: number,
  ): Promise<string[]>;
  /** Puts one back that nobody uses, unless another was taken since. */
  putLaunchBack(taken: TakenLaunch, intervalMs: number): Promise<void>;
  /** An app refused a create as one too many: its next launches are put off. */
  emptyLaunches(app: string, intervalMs: number, nowMs: number): Promise<void>;
}

export type CreateResult =
  | { kind: "created"; machine: Machine }
  /** A Machine of this name exists: ours, from an earlier ask. */
  | { kind: "exists" }
  /** It may or may not exist: look before asking again. */
  | { kind: "uncertain"; error: string }
  /** It does not exist and may be asked for again later: a passing fault, or (`tooMany`) one create too many for its app's rate limit. */
  | { kind: "later"; error: string; tooMany: boolean }
  /** It does not exist and asking again would be answered the same. */
  | { kind: "refused"; reason: "no_capacity" | "image_unavailable" | "launch_refused"; error: string };

export type WaitResult =
  | { kind: "reached" }
  | { kind: "not_yet" }
  /** 404: unknown, or gone. A look at the Machine itself tells which. */
  | { kind: "gone" }
  | { kind: "failed"; error: string };

export type StartResult =
  /** It is being started. */
  | { kind: "done" }
  /** 404, likewise. */
  | { kind: "gone" }
  /** The host on which it waits has no room for it any more. */
  | { kind: "no_capacity"; error: string }
  /** This call has not started it: it can not be started yet, or is already, or there were too many calls. A look tells which. */
  | { kind: "not_now"; error: string }
  /** It may or may not have been started by this call. */
  | { kind: "uncertain"; error: string };

export type ExecResult =
  | { kind: "ran"; exitCode: number; stdout: string; stderr: string }
  /** The Machine is not started (any more): look at it. */
  | { kind: "not_running" }
  /** One call too many for the rate limit; the next second will do. */
  | { kind: "later" }
  | { kind: "failed"; error: string };

/** A call whose only news is whether it was taken. `gone`: there is no such Machine. */
export type ActionResult = { kind: "done" } | { kind: "gone" } | { kind: "failed"; error: string };

export type LookResult =
  | { kind: "found"; machine: Machine }
  | { kind: "absent" }
  | { kind: "failed"; error: string };

/** Machines of one app, as Fly or the local server provides them. */
export interface Machines {
  /** Makes a Machine, which is started unless its config has a time for that. */
  create(name: string, config: MachineConfig, files: SpecFile[]): Promise<CreateResult>;
  /** By name, destroyed ones included. `absent` on one look proves nothing: the list may lag behind. */
  find(name: string, runId: string): Promise<LookResult>;
  get(machineId: string): Promise<LookResult>;
  /** Waits for a state for at most `timeoutMs`, or the minute that the API allows. */
  wait(
    machineId: string,
    state: Extract<MachineState, "started" | "stopped" | "destroyed">,
    timeoutMs: number,
    interrupt?: AbortSignal,
  ): Promise<WaitResult>;
  /** Starts one that was made to be started later. One that has run is not asked for again: it would run once more. */
  start(machineId: string): Promise<StartResult>;
  exec(machineId: string, argv: string[], timeoutS: number, interrupt?: AbortSignal): Promise<ExecResult>;
  signal(machineId: string, signal: string): Promise<ActionResult>;
  /** Stop signal, then kill after `timeoutMs`. */
  stop(machineId: string, signal: string, timeoutMs: number): Promise<ActionResult>;
  /** Kills and removes, whatever it is doing. */
  destroy(machineId: string): Promise<ActionResult>;
}

/** Large output, by key. Writing a key twice with the same bytes is one write. */
export interface Blobs {
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | null>;
}

/** Says that something about a run may be new. A hint of what is worth reading: losing one loses nothing that is stored. */
export interface News {
  /** The last stored piece of output; null where the driver does not know what is stored. */
  position: ChunkPosition | null;
  final: boolean;
  /** Of the run that is stored, so that who follows steps knows whether there is news of them; left out where the driver does not know. */
  version?: number;
}

/** The drivers of runs, one per run: who calls `advance`, and the place where watchers of a run meet. */
export interface Drivers {
  /** Starts driving a run that was just stored. Done once for a run, by who has stored it. */
  start(state: RunState): Promise<void>;
  /** Something about the run changed (a cancel): look at it now, whatever is being waited for. */
  nudge(runId: string): Promise<void>;
  /** The run may have been forgotten: drive it, unless that is being done. */
  wake(runId: string): Promise<void>;
  /** The run once it is final, or what is known of it after `timeoutMs`; null for an unknown run. */
  untilFinal(runId: string, timeoutMs: number): Promise<RunState | null>;
  /**
   * News of a run until `signal` aborts, of which the first comes at once and the newest stands for all before it; it ends by
   * itself where the driver goes away, so watch again. Null where as many watch the run as can.
   */
  watch(runId: string, signal: AbortSignal): Promise<AsyncIterable<News> | null>;
}

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

export interface Ids {
  runId(nowMs: number): string;
}

export interface HookIds {
  /** What the URL of a new hook ends with. */
  hookId(): string;
}
