/** The real ports on Cloudflare and Fly: the only wiring. */

import type { ApiPorts } from "../api/ports.ts";
import { createSessions } from "../api/session.ts";
import { newRunId } from "../core/id.ts";
import { d1Secrets } from "../d1/secrets.ts";
import { d1Store } from "../d1/store.ts";
import type { FlowPorts } from "../flow/flow.ts";
import type { Clock } from "../flow/ports.ts";
import { FlyClient } from "../fly/client.ts";
import { flyMachines } from "../fly/machines.ts";
import { r2Blobs } from "../r2/blobs.ts";
import { createSecretKeeper } from "../secrets/keeper.ts";
import { createKeyring } from "../secrets/keyring.ts";
import { durableDrivers } from "./drivers.ts";
import { type Config, type Env, readConfig } from "./env.ts";

const ORGANIZATION = "default";

export const systemClock: Clock = { now: () => Date.now() };

function secretKeeper(env: Env, { encryptionKey, oldEncryptionKeys }: Config) {
  return createSecretKeeper({
    store: d1Secrets(env.DB),
    keyring: createKeyring(encryptionKey, oldEncryptionKeys),
    clock: systemClock,
  });
}

/** What a driver needs. @throws ConfigError */
export function flowPorts(env: Env): FlowPorts {
  const config = readConfig(env);
  return {
    store: d1Store(env.DB),
    machines: flyMachines(new FlyClient(config.fly)),
    blobs: r2Blobs(env.OUTPUT),
    secrets: secretKeeper(env, config),
    clock: systemClock,
    drivers: durableDrivers(env.RUN_DRIVER),
    defaultRegion: config.defaultRegion,
    organizationLimit: config.organizationLimit,
  };
}

/** What the HTTP surface and the sweep need. @throws ConfigError */
export function apiPorts(env: Env): ApiPorts {
  const config = readConfig(env);
  return {
    store: d1Store(env.DB),
    blobs: r2Blobs(env.OUTPUT),
    secrets: secretKeeper(env, config),
    drivers: durableDrivers(env.RUN_DRIVER),
    clock: systemClock,
    ids: { runId: (nowMs) => newRunId(nowMs, crypto.getRandomValues(new Uint8Array(16))) },
    sessions: createSessions(config),
    token: config.token,
    defaultRegion: config.defaultRegion,
    defaultGuest: config.defaultGuest,
    organizationLimit: config.organizationLimit,
    orgId: ORGANIZATION,
  };
}
