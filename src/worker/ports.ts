/** The real ports on Cloudflare and Fly: the only wiring. */

import type { ApiPorts } from "../api/ports.ts";
import { createSessions } from "../api/session.ts";
import { newRunId } from "../core/id.ts";
import { d1Store } from "../d1/store.ts";
import type { AdvancePorts } from "../flow/flow.ts";
import { launchesOver } from "../flow/launches.ts";
import type { Clock } from "../flow/ports.ts";
import { FlyClient } from "../fly/client.ts";
import { flyMachines } from "../fly/machines.ts";
import { r2Blobs } from "../r2/blobs.ts";
import { durableDrivers } from "./drivers.ts";
import { type Env, readConfig } from "./env.ts";

const ORGANIZATION = "default";

export const systemClock: Clock = { now: () => Date.now() };

/** What a driver needs. @throws ConfigError */
export function flowPorts(env: Env): AdvancePorts {
  const config = readConfig(env);
  const { launches } = config;
  const store = d1Store(env.DB);
  return {
    store,
    machinesOf: (app) => flyMachines(new FlyClient({ ...config.fly, app: app ?? launches.apps[0] })),
    launches: launchesOver(store, launches),
    blobs: r2Blobs(env.OUTPUT),
    clock: systemClock,
    defaultRegion: config.defaultRegion,
  };
}

/** What the HTTP surface and the sweep need. @throws ConfigError */
export function apiPorts(env: Env): ApiPorts {
  const config = readConfig(env);
  const store = d1Store(env.DB);
  return {
    store,
    launches: launchesOver(store, config.launches),
    blobs: r2Blobs(env.OUTPUT),
    drivers: durableDrivers(env.RUN_DRIVER),
    clock: systemClock,
    ids: { runId: (nowMs) => newRunId(nowMs, crypto.getRandomValues(new Uint8Array(16))) },
    sessions: createSessions(config),
    token: config.token,
    defaultRegion: config.defaultRegion,
    defaultGuest: config.defaultGuest,
    orgId: ORGANIZATION,
  };
}
