/** Launches over the deployment's apps: each takes its turn in the store, or none is counted where the Machines API takes any number. */

import { machineName } from "../core/id.ts";
import { queueLimitAt } from "../core/next-step.ts";
import { launchIntervalMs, nextAtBehind, type TakenLaunch } from "../core/pace.ts";
import { shareOf } from "../core/poll.ts";
import { currentAttempt, type RunState } from "../core/run.ts";
import { pendingQueues } from "../core/turn.ts";
import type { Launches } from "./ports/launches.ts";
import type { Store } from "./ports.ts";

export interface LaunchSettings {
  /** In order: attempts of before there were several apps are in the first. */
  apps: [string, ...string[]];
  /** Creates in each app; 0 for any number. */
  perSecond: number;
}

type PaceStore = Pick<Store, "takeLaunch" | "putLaunchBack" | "emptyLaunches">;

export function launchesOver(store: PaceStore, settings: LaunchSettings): Launches {
  return settings.perSecond === 0 ? uncounted(settings) : paced(store, settings);
}

/**
 * The launch of a run's first attempt, to be planned in the step that gets the run all its slots. Null where that is another
 * step: a turn in an app is not taken for a run that may yet have to stand in line.
 */
export async function launchOfTurn(
  { launches, organizationLimit }: { launches: Launches; organizationLimit: number | null },
  state: RunState,
  nowMs: number,
): Promise<TakenLaunch | null> {
  const { run } = state;
  if (launches.isPaced && pendingQueues(run, organizationLimit).length > 0) return null;
  return launches.take(nowMs, { machineName: machineName(run.id, 1), before: queueLimitAt(state, nowMs) });
}

/** Puts back the launch that an attempt has waited for and that is not used, as the attempt was ended before. */
export async function putUnusedBack(launches: Launches, before: RunState, after: RunState): Promise<void> {
  const attempt = currentAttempt(before);
  const isEnded = attempt !== null && after.attempts[attempt.number - 1]?.settledAt !== null;
  if (!isEnded || attempt.mayBeAsked || attempt.settledAt !== null) return;
  // None was taken where it would have come too late.
  if (attempt.createAskedAt >= queueLimitAt(before, attempt.plannedAt)) return;
  // One that stays taken costs its app a turn and nothing else.
  await launches.putBackOf(attempt).catch(() => undefined);
}

function paced(store: PaceStore, { apps, perSecond }: LaunchSettings): Launches {
  const intervalMs = launchIntervalMs(perSecond);
  return {
    isPaced: true,
    async take(nowMs, { onlyIn, before }) {
      const among = onlyIn === undefined ? apps : [onlyIn ?? apps[0]];
      const taken = await store.takeLaunch(among, intervalMs, nowMs, before);
      return taken ?? { app: among[0] ?? apps[0], at: before ?? nowMs, nextAt: null };
    },
    putBack: (taken) => store.putLaunchBack(taken, intervalMs),
    putBackOf({ app, createAskedAt: at }) {
      const taken = { app: app ?? apps[0], at, nextAt: nextAtBehind(at, intervalMs) };
      return store.putLaunchBack(taken, intervalMs);
    },
    refused: (app, nowMs) => store.emptyLaunches(app ?? apps[0], intervalMs, nowMs),
  };
}

function uncounted({ apps }: LaunchSettings): Launches {
  return {
    isPaced: false,
    async take(nowMs, { machineName, onlyIn }) {
      const app = onlyIn === undefined ? apps[Math.floor(shareOf(machineName) * apps.length)] : onlyIn;
      return { app: app ?? apps[0], at: nowMs, nextAt: nowMs };
    },
    putBack: async () => {},
    putBackOf: async () => {},
    refused: async () => {},
  };
}
