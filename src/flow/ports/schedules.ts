/** Where schedules and the ledger of their firings are kept, and who starts firings on time. */

import type { Run } from "../../core/run.ts";
import type { Decision } from "../../core/schedule/decide.ts";
import type { ArmedFiring, FiringOutcome, Place } from "../../core/schedule/schedule.ts";
import type { ScheduleKey, ScheduleSpec } from "../../core/schedule/spec.ts";

/** Who has a schedule rest: its definition, somebody by hand, or the pause of its job. */
export type Pauser = "definition" | "hand" | "job";

export interface StoredSchedule extends ScheduleKey {
  spec: ScheduleSpec;
  /** Counts its changes: what was decided for another one is not recorded. */
  revision: number;
  place: Place;
  /** Epoch milliseconds of the first due time that is not decided, or earlier; null where there is none, or it rests. */
  nextDueAt: number | null;
  pausedBy: Pauser[];
}

/** What made a firing: the rule itself, somebody's call, or a start of the schedule's Machine by Fly. */
export type FiringTrigger = "rule" | "run_now" | "backfill" | "fly";

/** What a ledger tells of a run. */
export interface FiringRun extends Pick<Run, "status" | "reason" | "cancelRequestedAt" | "tickets"> {
  /** When the first of its machines started. */
  startedAt: number | null;
}

/** A row of the ledger. */
export interface Firing extends ScheduleKey {
  outcome: FiringOutcome;
  dueAt: number;
  /** When its run was to start; null where there was to be none. */
  startAt: number | null;
  /** The last of the due times that it tells of, and how many they are. */
  throughAt: number;
  count: number;
  isCountExact: boolean;
  trigger: FiringTrigger;
  runId: string | null;
  /** A sentence for people; null where the outcome says it all. */
  why: string | null;
  /** When it came to this outcome: of one that ran when its run was accepted. */
  decidedAt: number;
  /** Of a skipped one the schedule's run that was at work, or waited; null where it has just ended. */
  blockedBy: string | null;
  /** How its run is doing; null where it has none. */
  run: FiringRun | null;
}

/** An armed row. */
export interface ArmedRow extends ScheduleKey, ArmedFiring {
  trigger: FiringTrigger;
}

/** A decision with what it was made for. */
export interface Decided {
  schedule: StoredSchedule;
  decision: Decision;
}

/** A row's place in its ledger: of one due time there can be a row of its own, and one of several in a row that begin with it. */
export interface FiringPlace {
  dueAt: number;
  isOfSeveral: boolean;
}

export interface FiringFilter {
  /** Null for all. */
  outcome: FiringOutcome | null;
  /** Only rows that come after this one, newest first: those due before, and where it is of several the single one as well; null for no bound. */
  before: FiringPlace | null;
  limit: number;
}

export interface FiringPage {
  /** Newest first. */
  firings: Firing[];
  /** The `before` of the next page; null where there are no others. */
  nextBefore: FiringPlace | null;
}

/** The schedules, and how far the due times of each are decided. */
export interface SchedulePlaces {
  /** Schedules with a due time up to a moment that is not decided, the earliest first. */
  due(throughMs: number, limit: number): Promise<StoredSchedule[]>;
  /** Schedules whose place is later than a moment. */
  placedAfter(ms: number, limit: number): Promise<StoredSchedule[]>;
  /** Those of one job, by name. */
  ofJob(orgId: string, job: string): Promise<StoredSchedule[]>;
  find(key: ScheduleKey): Promise<StoredSchedule | null>;
  /** Those of several keys that are there, in any order. */
  findAll(keys: ScheduleKey[]): Promise<StoredSchedule[]>;
  /** By job and name, after one of them; null for the first. */
  list(orgId: string, after: { job: string; name: string } | null, limit: number): Promise<StoredSchedule[]>;
  /** Adds firings to the ledger and moves places, of each schedule both or, where it is not as it was seen, neither. All or nothing. */
  record(decided: Decided[], at: number): Promise<void>;
  /**
   * Has a schedule rest by hand, or ends that.
   * @returns the schedule then; null where there is none
   */
  pause(key: ScheduleKey, at: number, isPaused: boolean): Promise<StoredSchedule | null>;
}

/** The part of the ledger that is to be started, for those who start it. */
export interface ArmedFirings {
  /** Of each shard, when its first armed firing is to start; null where it has none. */
  armedAt(): Promise<(number | null)[]>;
  /** Since when the timekeeper of a shard is at work, by its last note, without a break longer than `SCHEDULE_PROMPT_MS` since; now, where it was not. */
  atWorkSince(shard: number, nowMs: number): Promise<number>;
  /** Notes that it was at work without a break from one moment to another. */
  noteWork(shard: number, sinceMs: number, throughMs: number): Promise<void>;
  /** Armed firings of a shard that are to start up to a moment, the first ones but for so many. */
  armed(shard: number, throughMs: number, limit: number, passedOver?: number): Promise<ArmedRow[]>;
  /** Those of one schedule's rule that are due within a stretch and to start up to a moment, the first ones by their due times. */
  armedOf(key: ScheduleKey, fromDueMs: number, throughMs: number, limit: number): Promise<ArmedRow[]>;
  /** Ends armed firings without a run; one that is not armed any more stays as it is. */
  finish(
    key: ScheduleKey,
    ends: { dueAt: number; outcome: "skipped" | "missed" | "paused"; why: string | null }[],
    at: number,
  ): Promise<void>;
  /** Removes armed firings; one that is not armed any more stays as it is. */
  drop(key: ScheduleKey, dueTimes: number[]): Promise<void>;
  /** Leaves an armed firing until a later moment; one that is not armed any more stays as it is. */
  putOff(key: ScheduleKey, dueAt: number, startAt: number): Promise<void>;
  /** Runs that were accepted ahead for due times from a moment on, and are to start after another. */
  ahead(key: ScheduleKey, fromDueMs: number, nowMs: number): Promise<string[]>;
}

/** What became of due times, for those who ask, and who arm some by hand. */
export interface FiringLedger {
  /**
   * Arms due times by hand, to start at once: those that have no row of their own, or none that came to a run or is to.
   * @param orderKey of the call that asks for one of them: where it has made one already, none is armed
   * @returns how many
   */
  arm(
    key: ScheduleKey,
    dueTimes: number[],
    startAt: number,
    trigger: FiringTrigger,
    orderKey?: string | null,
  ): Promise<number>;
  /** The firing that a call with this key has made, of whichever schedule. */
  ordered(orgId: string, orderKey: string): Promise<Firing | null>;
  /** Of these due times those that have come to a run, or are armed. */
  taken(key: ScheduleKey, fromMs: number, throughMs: number): Promise<number[]>;
  firing(key: ScheduleKey, dueAt: number): Promise<Firing | null>;
  firings(key: ScheduleKey, filter: FiringFilter): Promise<FiringPage>;
  /** The first ledgers after one, by their keys; null for the first of all. Those of schedules that are gone are among them. */
  ledgers(after: ScheduleKey | null, limit: number): Promise<ScheduleKey[]>;
  /**
   * Removes firings of some ledgers that were due, and came to their outcome, before a moment, as many as one call may: none that is armed, nor the last one of a
   * schedule that is there.
   * @returns how many
   */
  forget(ledgers: ScheduleKey[], beforeMs: number, limit: number): Promise<number>;
}

export interface ScheduleStore extends SchedulePlaces, ArmedFirings, FiringLedger {}

/** Who starts the armed firings of each shard at their time. */
export interface Timekeepers {
  /** There is a firing to start at a moment. It forgets nothing that it was told before. */
  wake(shard: number, atMs: number): Promise<void>;
}
