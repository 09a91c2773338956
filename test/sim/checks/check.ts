/** What must always hold of the simulated world. One file each; `index.ts` lists them. */

import type { Firing } from "../../../src/flow/ports/schedules.ts";
import type { StoredRun } from "../../support/memory-store.ts";
import type { World } from "../world/world.ts";

export interface Check {
  /** The promise, in words. */
  name: string;
  /** A fresh one for each seed: it may remember what it saw. */
  begin(world: World): Watch;
}

/** Says what is wrong; null where all is well. */
export interface Watch {
  /** After every step, for each run that changed in it. */
  onChange?(run: StoredRun): string | null;
  /** After every step, and after the runs, for each row of the ledger that changed in it; null where it was not there, or is no more. */
  onFiring?(row: Firing | null, before: Firing | null): string | null;
  /** After every step. */
  afterStep?(): string | null;
  /** Once nothing more happens. */
  atEnd?(): string | null;
}
