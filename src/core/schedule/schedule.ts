/** Schedules: the rules of a Job that submit its Runs in time, and what becomes of each time that a rule names. */

/** When a schedule is due. */
export type Rule = CronRule | EveryRule | AtRule | FlyRule;

/** At the local times that a cron expression names, in the time zone; `daylight-saving.ts` says what that means when clocks change. */
export interface CronRule {
  kind: "cron";
  /** Five or six fields, or a nickname such as "@daily"; `cron.ts` reads it. */
  cron: string;
  /** A name of the IANA time zone database, such as "Europe/Berlin". */
  timeZone: string;
}

/** Each so many milliseconds, counted from the schedule's `startsAt`, or from the Unix epoch: all computers agree on the times. */
export interface EveryRule {
  kind: "every";
  everyMs: number;
}

/** At these times, once each. */
export interface AtRule {
  kind: "at";
  /** Epoch milliseconds, in any order. */
  times: readonly number[];
}

/** How often Fly starts a Machine by itself (docs: Machines resource, schedule). The minute is Fly's choice. */
export const FLY_PERIODS = ["hourly", "daily", "weekly", "monthly"] as const;
export type FlyPeriod = (typeof FLY_PERIODS)[number];

/** When Fly's own scheduler starts the schedule's Machine, which nobody knows ahead: what is due is what has started. */
export interface FlyRule {
  kind: "fly";
  period: FlyPeriod;
}

/** A rule and the stretch of time it holds for: all that due times depend on. */
export interface Timing {
  rule: Rule;
  /** Epoch milliseconds of the first moment that can be due; null: since ever. */
  startsAt: number | null;
  /** Epoch milliseconds of the first moment that is not due any more; null: for ever. */
  endsAt: number | null;
}

/**
 * What happens where the schedule's previous run is still at work:
 * - `skip`: this one is left out, and the ledger says so;
 * - `queue`: it waits for the other's end;
 * - `allow`: both run;
 * - `cancel_running`: the other is cancelled.
 */
export const OVERLAPS = ["skip", "queue", "allow", "cancel_running"] as const;
export type Overlap = (typeof OVERLAPS)[number];

/**
 * What is run after an outage, of what nobody comes in time for any more (`in-time.ts`):
 * - `none`: nothing that was missed;
 * - `latest`: the last time that has come due;
 * - `all`: each of them, oldest first, one after the other where `overlap` is `skip`.
 */
export const CATCH_UP_MODES = ["none", "latest", "all"] as const;
export type CatchUpMode = (typeof CATCH_UP_MODES)[number];

export interface CatchUp {
  mode: CatchUpMode;
  /** What is later than this is not run any more. */
  windowMs: number;
  /** Whether what came due during a pause counts as missed, too. Otherwise nobody wants it: it is recorded as `paused`. */
  afterPause: boolean;
}

/** What the core needs to know of a schedule to decide. */
export interface Schedule extends Timing {
  /** Unique in the deployment and never another's, such as "default/nightly/at-two": jitter derives from it. */
  id: string;
  catchUp: CatchUp;
  /** A run starts up to so many milliseconds after its due time, the same for the same due time: see `jitter.ts`. */
  jitterMs: number;
  /** Its Machines are made ahead, and started on the second; absent, as in what was stored before there was this, they are not. */
  punctual?: boolean;
}

/** How far a schedule's due times are decided: what is stored of it beside its ledger. */
export interface Place {
  /** Epoch milliseconds: each due time up to this is in the ledger. `decide.ts` says what becomes of one that lies ahead. */
  decidedTo: number;
  /** Epoch milliseconds since when the rule is in force: nothing of before is due, wherever clocks put the place. */
  countsFrom: number;
  /** Epoch milliseconds since which the schedule, or its job, is paused; after a pause, when that began. Null: there was none. */
  pausedAt: number | null;
  /** Epoch milliseconds of the end of the last pause; null while it lasts, and where there was none. */
  resumedAt: number | null;
}

/**
 * What has become of a due time.
 * - `armed`: its run is to be submitted at `startAt`; whoever submits it makes one of the next four of it;
 * - `ran`: its run was submitted in time, or hardly late (`in-time.ts`); and later, up to `SCHEDULE_SLOW_MAX_MS`, where so many
 *   were due that it took its timekeeper so long;
 * - `caught_up`: its run was submitted, later than that, as `catchUp` asks for. With `all` it is one that came later than `SCHEDULE_PROMPT_MS`;
 * - `skipped`: the schedule's previous run was still at work, and `overlap` is `skip`;
 * - `missed`: it passed in an outage, and is not caught up. Final, unless it was said by a clock that was ahead: see `decide.ts`;
 * - `paused`: it passed during a pause. Final, likewise.
 */
export const FIRING_OUTCOMES = ["armed", "ran", "caught_up", "skipped", "missed", "paused"] as const;
export type FiringOutcome = (typeof FIRING_OUTCOMES)[number];

/** One row of the ledger, or as many due times in a row as were passed over together. */
export type DecidedFiring = ArmedFiring | PassedFiring;

/** A due time whose run is to be submitted. */
export interface ArmedFiring {
  outcome: "armed";
  /** Epoch milliseconds. With the schedule it is the key of the ledger: a due time is decided once, whoever repeats it. */
  dueAt: number;
  /** Epoch milliseconds: the due time and its jitter, less the lead of a punctual schedule, or the moment of the decision where that is past. */
  startAt: number;
}

/** A due time that is not run, or several in a row of which none is; `decide.ts` says how the latter are kept. */
export interface PassedFiring {
  outcome: "missed" | "paused";
  /** Epoch milliseconds of the first. */
  dueAt: number;
  /** Epoch milliseconds of the last. */
  throughAt: number;
  /** How many, with both. */
  count: number;
  /** False: there are more than `count`, which were not counted. */
  isCountExact: boolean;
}
