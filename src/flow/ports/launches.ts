/** When and where Machines may be asked for: what the flow needs of whoever keeps the pace of each app. */

import type { Attempt } from "../../core/attempt.ts";
import type { TakenLaunch } from "../../core/pace.ts";
import type { Run } from "../../core/run.ts";

/** Whose Machine a launch is for. */
export interface LaunchWish {
  /** Decides on the app where nothing is counted. */
  machineName: string;
  /** The app where a Machine of this name may exist already, null for the deployment's first; any app where it is left out. */
  onlyIn?: string | null;
  /** When the run gives up, in epoch milliseconds: a launch that comes no sooner would be kept from others and not be used. */
  before?: number;
  /** The run that takes its turn in line; left out for an attempt that is planned already and has had it. */
  inLine?: Run;
}

/** When and in which app a Machine may be asked for. */
export interface Launches {
  /** False where the Machines API takes any number at once: each launch is due at once then, and a repeated ask needs none. */
  readonly isPaced: boolean;
  /** The next launch, which is the caller's alone; null where none comes in time, or it is not the run's turn. */
  take(nowMs: number, wish: LaunchWish): Promise<TakenLaunch | null>;
  /** When a run that stands in line, and gives up at `before`, is to try again by itself, in epoch milliseconds; null where it is called. */
  nextTry(nowMs: number, run: Run, before: number): Promise<number | null>;
  /** Runs in line that are to be called now, at most `limit`. */
  next(nowMs: number, orgId: string, limit: number): Promise<string[]>;
  /** About when a run is launched that has so many before it in line, in epoch milliseconds. */
  expectedAt(nowMs: number, ahead: number): number;
  /** The launch is not used after all. */
  putBack(taken: TakenLaunch): Promise<void>;
  /** The same of one that is known by its attempt, whose Machine nobody has asked for. */
  putBackOf(attempt: Pick<Attempt, "app" | "createAskedAt">): Promise<void>;
  /** A create was one too many for its app, null for the first. */
  refused(app: string | null, nowMs: number): Promise<void>;
}
