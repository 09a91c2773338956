/** Carries runs out in a test's own hands: the real submit and the real steps, on real D1 and real machines, with a loop for a driver. */

import { newRunId } from "../../src/core/id.ts";
import type { RunJob } from "../../src/core/job.ts";
import type { RunState } from "../../src/core/run.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { d1Secrets } from "../../src/d1/secrets.ts";
import { d1Store } from "../../src/d1/store.ts";
import { Drive } from "../../src/flow/drive.ts";
import { type AdvancePorts, advance } from "../../src/flow/flow.ts";
import { type LaunchSettings, launchesOver } from "../../src/flow/launches.ts";
import type { Drivers } from "../../src/flow/ports.ts";
import { submit } from "../../src/flow/submit.ts";
import { FlyClient } from "../../src/fly/client.ts";
import { flyMachines } from "../../src/fly/machines.ts";
import { r2Blobs } from "../../src/r2/blobs.ts";
import { createSecretKeeper } from "../../src/secrets/keeper.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { aSpec } from "./a-run.ts";

const clock = { now: () => Date.now() };

/** What the worker of the tests has in its bindings. */
export const TEST_KEY = "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=";

/** Secrets on a database, under keys as the worker has them. */
export function secretKeeperOn(database: D1Database, key = TEST_KEY, oldKeys: string[] = []) {
  return createSecretKeeper({ store: d1Secrets(database), keyring: createKeyring(key, oldKeys), clock });
}

/** Unless a test is about the pace: what `npm start` has. */
const UNPACED: LaunchSettings = { apps: ["mayfly-tests"], perSecond: 0 };

/** Ports on a database and a Machines server, which is called by `callMachines` where that is given. */
export function testPorts(
  database: D1Database,
  bucket: R2Bucket,
  machinesUrl: string,
  callMachines?: typeof fetch,
  launches: LaunchSettings = UNPACED,
): AdvancePorts {
  const options = {
    baseUrl: machinesUrl,
    token: "local",
    ...(callMachines && { fetch: callMachines }),
  };
  const store = d1Store(database);
  return {
    store,
    machinesOf: (app) =>
      flyMachines(new FlyClient({ ...options, app: app ?? launches.apps[0] }), async () => "tests"),
    launches: launchesOver(store, launches),
    blobs: r2Blobs(bucket),
    secrets: secretKeeperOn(database),
    clock,
    drivers: { nudge: async () => {} },
    defaultRegion: null,
    organizationLimit: null,
  };
}

/** Advances until nothing is left to do. */
export async function driveToEnd(ports: AdvancePorts, drive: Drive): Promise<RunState> {
  while (true) {
    const next = await advance(ports, drive);
    if (next === "done") return drive.state;
    if (next.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, next.pauseMs));
  }
}

export function createRunToEnd(...world: Parameters<typeof testPorts>) {
  const ports = testPorts(...world);
  return async function runToEnd(
    spec: Partial<RunSpec>,
    job?: RunJob,
  ): Promise<{ state: RunState; driverRequests: number }> {
    let driverRequests = 0;
    const request = async () => {
      driverRequests += 1;
    };
    const drivers = { start: request } as unknown as Drivers;
    const ids = { runId: (nowMs: number) => newRunId(nowMs, crypto.getRandomValues(new Uint8Array(16))) };
    const submitted = await submit(
      { ...ports, drivers, ids },
      { orgId: "default", spec: aSpec(spec), originId: null, key: null, ...(job && { job }) },
    );
    return { state: await driveToEnd(ports, new Drive(submitted.state, true)), driverRequests };
  };
}
