/** POST /v1/apps/{app}/machines: answers at once with state created; the launch follows (docs: Create a Machine). */

import type { Operation } from "../app.ts";
import { filledConfig, readCreateRequest } from "../config.ts";
import { ApiError, nameTaken } from "../error.ts";
import { machineId, machineName, privateIp, ulid } from "../id.ts";
import { type Machine, toWire } from "../machine.ts";
import { bodyOf } from "../request.ts";

export const createMachine: Operation = async (c, { host, region }) => {
  const { registry, level, images } = host;
  const request = readCreateRequest(await bodyOf(c));
  for (const file of request.config.files ?? []) {
    const refusal = level.fileRefusal(file.guest_path);
    if (refusal !== null) throw new ApiError(400, refusal);
  }
  const app = c.req.param("app") ?? "";
  const name = request.name || machineName();
  const checkName = () => {
    const holder = registry.holderOf(app, name);
    if (holder !== null) throw nameTaken(holder, name);
  };
  // Before, since a repeated create is to hear that it was done, and after, since somebody else can have taken the name.
  checkName();
  await images.admit(request.config);
  checkName();
  const id = machineId();
  const now = registry.now();
  const machine: Machine = {
    id,
    app,
    name,
    region: request.region || region,
    state: "created",
    instanceId: ulid(now),
    privateIp: privateIp(id),
    createdAt: now,
    updatedAt: now,
    isolation: level.name,
    events: [{ id: ulid(now), type: "launch", status: "created", source: "user", timestamp: now }],
    stopRequested: false,
    signalSent: null,
    restartedAt: [],
    config: filledConfig(request.config),
    image: images.known(request.config.image),
  };
  registry.add(machine);
  // After the answer is on its way: making a process holds up everything else for a millisecond.
  setImmediate(() => {
    void host.open(id, request.config.image, !request.skip_launch);
  });
  return c.json(toWire(machine));
};
