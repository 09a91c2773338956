/**
 * The pace of launches: how often an app may be asked for a Machine. Each app has a token bucket, kept as one time (GCRA): `nextAt`
 * is when the bucket would be full again if nobody took anything. `d1/` does the same in one statement of SQL; both are held
 * to this by the store's contract.
 */

import type { Attempt } from "./attempt.ts";
import { LAUNCH_AHEAD_MAX_MS, LAUNCH_BURST, LAUNCH_CLOCK_TRUST_MS, LAUNCH_HORIZON_MS } from "./limits.ts";
import type { Run } from "./run.ts";

/** Where and when a Machine may be asked for. */
export interface Launch {
  /** Null: the first of the deployment's apps. */
  app: string | null;
  /** Epoch milliseconds. */
  at: number;
}

/** One that was taken from an app's bucket, which is known by what it left there. */
export interface TakenLaunch extends Launch {
  app: string;
  /** The bucket's `nextAt` just after. */
  nextAt: number;
}

/** What is stored of an app's bucket. */
export interface AppPace {
  /** Epoch milliseconds at which all that was taken has come back. */
  nextAt: number;
  /** When something was last taken, by the clock of who took it. */
  takenAt: number;
}

/** Between two launches in one app, in whole milliseconds. */
export function launchIntervalMs(perSecond: number): number {
  return Math.ceil(1000 / perSecond);
}

/** The bucket after a launch is taken from it; null stands for one that nobody has used. */
export function afterTaking(before: AppPace | null, intervalMs: number, nowMs: number): AppPace {
  const nextAt = Math.max(knownNextAt(before, nowMs), nowMs) + intervalMs;
  // No run waits for a Machine for longer, so who is this late launches nothing.
  return { nextAt: Math.min(nextAt, nowMs + LAUNCH_AHEAD_MAX_MS), takenAt: nowMs };
}

/** The bucket of an app that has refused a create as one too many: it is empty, whatever was taken from it here. */
export function afterRefusal(before: AppPace | null, intervalMs: number, nowMs: number): AppPace {
  const nextAt = Math.max(knownNextAt(before, nowMs), nowMs + LAUNCH_BURST * intervalMs);
  return { nextAt, takenAt: nowMs };
}

/** The bucket with a launch put back, where nothing was taken since: those who came later have their times already. */
export function afterPuttingBack(before: AppPace, taken: TakenLaunch, intervalMs: number): AppPace {
  return before.nextAt === taken.nextAt ? { ...before, nextAt: before.nextAt - intervalMs } : before;
}

/** What a launch that lay ahead when it was taken has left in its bucket as `nextAt`. */
export function nextAtBehind(launchAtMs: number, intervalMs: number): number {
  return launchAtMs + LAUNCH_BURST * intervalMs;
}

/** The time of the launch that was taken last. */
export function launchAt({ nextAt, takenAt }: AppPace, intervalMs: number): number {
  return Math.max(takenAt, nextAt - LAUNCH_BURST * intervalMs);
}

/** Launches of these apps, one bucket each, that may be taken now: those within the horizon. */
export function launchesWithinHorizon(
  paces: readonly (AppPace | null)[],
  intervalMs: number,
  nowMs: number,
): number {
  const untilMs = nowMs + LAUNCH_HORIZON_MS + LAUNCH_BURST * intervalMs;
  const ofApp = (pace: AppPace | null) =>
    Math.max(0, Math.floor((untilMs - Math.max(knownNextAt(pace, nowMs), nowMs)) / intervalMs));
  return paces.reduce((sum, pace) => sum + ofApp(pace), 0);
}

/**
 * When a run that stands in line for a launch of these apps is to try again by itself, in epoch milliseconds: now where one may be
 * had, and where it is the first once the next comes within the horizon. Null where those before it call it, or it gives up before.
 * @param ahead runs before it in line, of which no more need to be counted than there are launches within the horizon
 * @param beforeMs when it gives up
 */
export function nextLaunchTryAt(
  paces: readonly (AppPace | null)[],
  ahead: number,
  intervalMs: number,
  nowMs: number,
  beforeMs: number,
): number | null {
  const firstFullAt = Math.min(...paces.map((pace) => knownNextAt(pace, nowMs)));
  const firstAt = Math.max(nowMs, firstFullAt + intervalMs - LAUNCH_BURST * intervalMs);
  if (firstAt >= beforeMs) return null;
  if (ahead < launchesWithinHorizon(paces, intervalMs, nowMs)) return nowMs;
  return ahead > 0 ? null : firstAt - LAUNCH_HORIZON_MS;
}

/** About when a run is launched that has so many before it in the line of these apps, in epoch milliseconds. */
export function launchExpectedAt(ahead: number, apps: number, intervalMs: number, nowMs: number): number {
  return nowMs + LAUNCH_HORIZON_MS + Math.ceil(((ahead + 1) * intervalMs) / apps);
}

/** The app whose turn it is: the one whose bucket is full soonest, and of several the first. */
export function nextApp(apps: string[], paces: ReadonlyMap<string, AppPace>, nowMs: number): string {
  const [first, ...others] = apps;
  if (first === undefined) throw new Error("there is no app to launch machines in");
  const fullAt = (app: string) => knownNextAt(paces.get(app) ?? null, nowMs);
  return others.reduce((best, app) => (fullAt(app) < fullAt(best) ? app : best), first);
}

/**
 * `nextAt`, where the clocks of who wrote it and of who reads it are about the same. One that was written by a clock far ahead
 * tells how much was taken, and nothing of when: an app must not stand still until that time comes.
 */
function knownNextAt(pace: AppPace | null, nowMs: number): number {
  if (pace === null) return 0;
  return pace.takenAt > nowMs + LAUNCH_CLOCK_TRUST_MS ? nowMs + pace.nextAt - pace.takenAt : pace.nextAt;
}

/**
 * When the Machine of a planned attempt is asked for. A time that was stored by a clock far ahead of this one is nobody's: the
 * Machine is asked for now.
 */
export function launchDueAt(
  { updatedAt }: Pick<Run, "updatedAt">,
  { createAskedAt }: Pick<Attempt, "createAskedAt">,
  nowMs: number,
): number {
  return updatedAt > nowMs + LAUNCH_CLOCK_TRUST_MS ? Math.min(nowMs, createAskedAt) : createAskedAt;
}
