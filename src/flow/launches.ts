/** Launches over the deployment's apps: each takes its turn in the store, or none is counted where the Machines API takes any number. */

import { machineName } from "../core/id.ts";
import { launchIntervalMs, type TakenLaunch } from "../core/pace.ts";
import { shareOf } from "../core/poll.ts";
import type { RunState } from "../core/run.ts";
import { pendingQueues } from "../core/turn.ts";
import type { Launches, Store } from "./ports.ts";

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
  { run }: RunState,
  nowMs: number,
): Promise<TakenLaunch | null> {
  if (launches.isPaced && pendingQueues(run, organizationLimit).length > 0) return null;
  return launches.take(nowMs, { machineName: machineName(run.id, 1) });
}

function paced(store: PaceStore, { apps, perSecond }: LaunchSettings): Launches {
  const intervalMs = launchIntervalMs(perSecond);
  return {
    isPaced: true,
    take: (nowMs, { onlyIn }) =>
      store.takeLaunch(onlyIn === undefined ? apps : [onlyIn ?? apps[0]], intervalMs, nowMs),
    putBack: (taken) => store.putLaunchBack(taken, intervalMs),
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
    refused: async () => {},
  };
}
