/** POST /v1/apps/{app}/machines/{id}: the whole config anew, as a new version (docs: Update a Machine). */

import type { Operation } from "../app.ts";
import { concurrentUpdate, wrongState } from "../error.ts";
import { ulid } from "../id.ts";
import { filledConfig, readUpdateRequest, refuseForLevel } from "../machines/config.ts";
import { leasedMachine, newLease } from "../machines/lease.ts";
import { toWire } from "../machines/machine.ts";
import { bodyOf } from "../request.ts";
import { keptMounts, refuseMounts } from "../volumes/mounts.ts";

export const updateMachine: Operation = async (c, parts) => {
  const { host } = parts;
  const { registry } = host;
  const request = readUpdateRequest(await bodyOf(c));
  refuseForLevel(request.config, host.level);
  refuseMounts(request.config, host.level);
  const { current_version: expected } = request;
  const updatable = () => {
    const machine = leasedMachine(c, parts);
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
  parts.scheduler.follow(updated);
  if (!request.lease_ttl) return c.json(toWire(updated));
  const lease = machine.lease ?? newLease(c, now, request.lease_ttl, "");
  const renewed = { ...lease, expiresAt: now + request.lease_ttl * 1000 };
  registry.apply(machine.id, { kind: "leased", lease: renewed });
  return c.json({ ...toWire(updated), nonce: renewed.nonce });
};
