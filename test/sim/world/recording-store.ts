/** The store in memory, which takes note of each launch that is taken, as it stood just before. */

import type { AppPace, TakenLaunch } from "../../../src/core/pace.ts";
import type { Run } from "../../../src/core/run.ts";
import { awaitsLaunch } from "../../../src/core/turn.ts";
import { MemoryStore } from "../../support/memory-store.ts";

export interface LaunchTaking extends TakenLaunch {
  /** By the clock of who took it. */
  nowMs: number;
  intervalMs: number;
  /** Null for an attempt that was planned before. */
  run: Run | null;
  /** Runs that stood in line. */
  inLine: Run[];
  /** Of the apps that it could have been in. */
  paces: (AppPace | null)[];
  /** It was put back, unused. */
  isPutBack: boolean;
}

export class RecordingStore extends MemoryStore {
  readonly takings: LaunchTaking[] = [];

  override async takeLaunch(...wish: Parameters<MemoryStore["takeLaunch"]>): Promise<TakenLaunch | null> {
    const [apps, intervalMs, nowMs, , run = null] = wish;
    const inLine = [...this.runs.values()].map(({ state }) => state.run).filter(awaitsLaunch);
    const paces = apps.map((app) => this.paces.get(app) ?? null);
    const taken = await super.takeLaunch(...wish);
    if (taken) this.takings.push({ ...taken, nowMs, intervalMs, run, inLine, paces, isPutBack: false });
    return taken;
  }

  override async putLaunchBack(...[taken, intervalMs]: Parameters<MemoryStore["putLaunchBack"]>) {
    const before = this.paces.get(taken.app)?.nextAt;
    await super.putLaunchBack(taken, intervalMs);
    if (this.paces.get(taken.app)?.nextAt === before) return;
    const its = this.takings.findLast(
      ({ app, nextAt, isPutBack }) => app === taken.app && nextAt === taken.nextAt && !isPutBack,
    );
    if (its) its.isPutBack = true;
  }
}
