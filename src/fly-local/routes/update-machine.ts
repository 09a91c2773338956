/** POST /v1/apps/{app}/machines/{id}: the whole config anew, as a new version (docs: Update a Machine). */

import type { Operation } from "../app.ts";
import { filledConfig, readUpdateRequest, refuseFiles } from "../config.ts";
import { concurrentUpdate, wrongState } from "../error.ts";
import { ulid } from "../id.ts";
import { leasedMachine, newLease } from "../lease.ts";
import { toWire } from "../machine.ts";
import { bodyOf } from "../request.ts";

export const updateMachine: Operation = async (c, parts) => {
  const { host } = parts;
  const { registry } = host;
  const request = readUpdateRequest(await bodyOf(c));
  refuseFiles(request.config, host.level);
  const machine = leasedMachine(c, parts);
  const { current_version: expected } = request;
  if (expected && expected !== machine.instanceId)
    throw concurrentUpdate(`current_version is ${expected}, the machine's is ${machine.instanceId}`);
  if (machine.state === "replacing") throw concurrentUpdate("the machine is getting replaced");
  const now = registry.now();
  const updated = host.update(machine, ulid(now), filledConfig(request.config), !request.skip_launch);
  if (updated === null) throw wrongState("update", machine.state);
  parts.scheduler.follow(updated);
  if (!request.lease_ttl) return c.json(toWire(updated));
  const lease = machine.lease ?? newLease(c, now, request.lease_ttl, "");
  const renewed = { ...lease, expiresAt: now + request.lease_ttl * 1000 };
  registry.apply(machine.id, { kind: "leased", lease: renewed });
  return c.json({ ...toWire(updated), nonce: renewed.nonce });
};
