/** POST /v1/apps/{app}/machines/{id}: the whole config anew, as a new version (docs: Update a Machine). */

import type { Operation } from "../app.ts";
import { ApiError, concurrentUpdate, wrongState } from "../error.ts";
import { ulid } from "../id.ts";
import { filledConfig, readUpdateRequest, refuseForLevel } from "../machines/config.ts";
import { leasedMachine, newLease } from "../machines/lease.ts";
import { toWire } from "../machines/machine.ts";
import { refuseOtherLevel } from "../machines/own-level.ts";
import { checkSecretFiles, checkSecretsVersion } from "../platform/secrets.ts";
import { networkRefusal } from "../processes/network.ts";
import { bodyOf } from "../request.ts";
import { keptMounts, refuseMounts } from "../volumes/mounts.ts";

export const updateMachine: Operation = async (c, parts) => {
  const { host } = parts;
  const { registry } = host;
  const { secrets } = parts.platform;
  const app = c.req.param("app") ?? "";
  const request = readUpdateRequest(await bodyOf(c));
  refuseForLevel(request.config, host.level);
  const refusal = networkRefusal(request.config, host.level.canBeWithoutNetwork);
  if (refusal !== null) throw new ApiError(400, refusal);
  refuseMounts(request.config, host.level);
  checkSecretsVersion(request.min_secrets_version, secrets.version(app));
  checkSecretFiles(request.config, app, secrets);
  const { current_version: expected } = request;
  const updatable = () => {
    const machine = leasedMachine(c, parts);
    refuseOtherLevel(machine, host.level);
    if (expected && expected !== machine.instanceId)
      throw concurrentUpdate(`current_version is ${expected}, the machine's is ${machine.instanceId}`);
    if (machine.state === "replacing") throw concurrentUpdate("the machine is getting replaced");
    return machine;
  };
  // Before, so that nothing is asked of a registry for nothing, and after, since somebody else can have changed it.
  updatable();
  await host.images.admit(request.config);
  const machine = updatable();
  const mounts = keptMounts(request.config, machine.config);
  const now = registry.now();
  const config = { ...filledConfig(request.config), ...(mounts.length > 0 && { mounts }) };
  const updated = host.update(machine, ulid(now), config, !request.skip_launch);
  if (updated === null) throw wrongState("update", machine.state);
  registry.apply(machine.id, { kind: "secrets_chosen", skips: request.skip_secrets === true });
  parts.scheduler.follow(updated);
  if (!request.lease_ttl) return c.json(toWire(updated));
  const lease = machine.lease ?? newLease(c, now, request.lease_ttl, "");
  const renewed = { ...lease, expiresAt: now + request.lease_ttl * 1000 };
  registry.apply(machine.id, { kind: "leased", lease: renewed });
  return c.json({ ...toWire(updated), nonce: renewed.nonce });
};
