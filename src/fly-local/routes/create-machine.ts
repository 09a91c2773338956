/** POST /v1/apps/{app}/machines: answers at once with state created; the launch follows (docs: Create a Machine). */

import type { Operation } from "../app.ts";
import { filledConfig, readCreateRequest, refuseFiles } from "../config.ts";
import { nameTaken } from "../error.ts";
import { machineId, machineName, privateIp, ulid } from "../id.ts";
import { newLease } from "../lease.ts";
import { type Machine, toWire, UNTOUCHED } from "../machine.ts";
import { placed } from "../placement.ts";
import { bodyOf } from "../request.ts";

export const createMachine: Operation = async (c, { host, region, scheduler }) => {
  const { registry, level } = host;
  const request = readCreateRequest(await bodyOf(c));
  refuseFiles(request.config, level);
  const app = c.req.param("app") ?? "";
  const name = request.name || machineName();
  const holder = registry.holderOf(app, name);
  if (holder !== null) throw nameTaken(holder, name);
  const id = machineId();
  const now = registry.now();
  const machine: Machine = {
    id,
    app,
    name,
    region: placed(request.region, region),
    state: "created",
    instanceId: ulid(now),
    privateIp: privateIp(id),
    createdAt: now,
    updatedAt: now,
    isolation: level.name,
    events: [{ id: ulid(now), type: "launch", status: "created", source: "user", timestamp: now }],
    ...UNTOUCHED,
    lease: request.lease_ttl ? newLease(c, now, request.lease_ttl, "") : null,
    config: filledConfig(request.config),
  };
  registry.add(machine);
  scheduler.follow(machine);
  // After the answer is on its way: making a process holds up everything else for a millisecond.
  setImmediate(() => {
    if (request.skip_launch) registry.apply(id, { kind: "left_unlaunched" });
    else host.launch(id, "flyd");
  });
  return c.json({ ...toWire(machine), ...(machine.lease !== null && { nonce: machine.lease.nonce }) });
};
