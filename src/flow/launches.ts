/** Launches over the deployment's apps: each takes its turn in the store, or none is counted where the Machines API takes any number. */

import { launchIntervalMs } from "../core/pace.ts";
import { shareOf } from "../core/poll.ts";
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
      const app = onlyIn ?? apps[Math.floor(shareOf(machineName) * apps.length)];
      return { app: app ?? apps[0], at: nowMs, nextAt: nowMs };
    },
    putBack: async () => {},
    refused: async () => {},
  };
}
