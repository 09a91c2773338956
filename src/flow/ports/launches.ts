/** When and where Machines may be asked for: what the flow needs of whoever keeps the pace of each app. */

import type { Attempt } from "../../core/attempt.ts";
import type { TakenLaunch } from "../../core/pace.ts";

/** Whose Machine a launch is for. */
export interface LaunchWish {
  /** Decides on the app where nothing is counted. */
  machineName: string;
  /** The app where a Machine of this name may exist already, null for the deployment's first; any app where it is left out. */
  onlyIn?: string | null;
  /** When the run gives up, in epoch milliseconds: a launch that comes no sooner would be kept from others and not be used. */
  before?: number;
}

/** When and in which app a Machine may be asked for. */
export interface Launches {
  /** False where the Machines API takes any number at once: each launch is due at once then, and a repeated ask needs none. */
  readonly isPaced: boolean;
  /** The next launch, which is the caller's alone; where none comes in time none is taken, and `at` is when the run gives up. */
  take(nowMs: number, wish: LaunchWish): Promise<TakenLaunch>;
  /** The launch is not used after all. */
  putBack(taken: TakenLaunch): Promise<void>;
  /** The same of one that is known by its attempt, whose Machine nobody has asked for. */
  putBackOf(attempt: Pick<Attempt, "app" | "createAskedAt">): Promise<void>;
  /** A create was one too many for its app, null for the first. */
  refused(app: string | null, nowMs: number): Promise<void>;
}
