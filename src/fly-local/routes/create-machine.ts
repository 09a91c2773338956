/** POST /v1/apps/{app}/machines: answers at once with state created; the launch follows (docs: Create a Machine). */

import type { Operation } from "../app.ts";
import { filledConfig, readCreateRequest } from "../config.ts";
import { ApiError, nameTaken } from "../error.ts";
import { machineId, machineName, privateIp, ulid } from "../id.ts";
import { type Machine, toWire } from "../machine.ts";
import { bodyOf } from "../request.ts";
import { checkSecretFiles, checkSecretsVersion } from "../secrets.ts";
import { claimedMounts, readMounts } from "../volumes/mounts.ts";

export const createMachine: Operation = async (c, { host, platform, faults, region }) => {
  const { registry, level } = host;
  const request = readCreateRequest(await bodyOf(c));
  for (const file of request.config.files ?? []) {
    const refusal = level.fileRefusal(file.guest_path);
    if (refusal !== null) throw new ApiError(400, refusal);
  }
  const app = c.req.param("app") ?? "";
  const placed = request.region || region;
  const { secrets, volumes } = platform;
  checkSecretsVersion(request.min_secrets_version, secrets.version(app));
  checkSecretFiles(request.config, app, secrets);
  if (readMounts(request.config).length > 0 && level.mountRefusal !== null)
    throw new ApiError(400, level.mountRefusal);
  const name = request.name || machineName();
  const holder = registry.holderOf(app, name);
  if (holder !== null) throw nameTaken(holder, name);
  const mounts = claimedMounts(request.config, app, placed, volumes, registry);
  const id = machineId();
  const now = registry.now();
  const machine: Machine = {
    id,
    app,
    name,
    region: placed,
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
    ...(request.skip_secrets === true && { skipsSecrets: true }),
    config: { ...filledConfig(request.config), ...(mounts.length > 0 && { mounts }) },
  };
  platform.apps.use(app);
  registry.add(machine);
  const begin = () => {
    if (request.skip_launch) registry.apply(id, { kind: "left_unlaunched" });
    else host.launch(id, "flyd");
  };
  const pullMs = faults.delayOf("pull", { app, machine: id });
  // After the answer is on its way: making a process holds up everything else for a millisecond.
  if (pullMs > 0) host.later(pullMs, begin);
  else setImmediate(begin);
  return c.json(toWire(machine));
};
