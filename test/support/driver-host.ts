/** A place for a driver whose time stands still and that nobody watches, over a store and a Machines API in the test's hands. */

import type { DriverHost } from "../../src/flow/driver.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { Machines, Store } from "../../src/flow/ports.ts";
import { noSecrets } from "./no-secrets.ts";

/**
 * @param machines what of the Machines API the run gets to
 * @param change what the test does otherwise
 */
export function driverHost(
  runId: string,
  nowMs: number,
  store: Store,
  machines: Partial<Machines>,
  change: Partial<DriverHost> = {},
): DriverHost {
  const clock = { now: () => nowMs };
  return {
    clock,
    runId,
    flowPorts: () => ({
      store,
      machinesOf: () => machines as Machines,
      launches: launchesOver(store, { apps: ["mayfly-tests"], perSecond: 0 }),
      blobs: { put: async () => {}, get: async () => null },
      clock,
      secrets: noSecrets,
      drivers: { nudge: async () => {} },
      defaultRegion: null,
      organizationLimit: null,
    }),
    after: () => () => {},
    setAlarm: async () => {},
    forgetAll: async () => {},
    watchers: () => 0,
    announce: () => {},
    dismissWatchers: () => {},
    abort: () => {},
    logError: (error) => {
      throw error;
    },
    ...change,
  };
}
