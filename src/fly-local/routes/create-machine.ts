/** POST /v1/apps/{app}/machines: answers at once with state created; the launch follows (docs: Create a Machine). */

import type { Operation } from "../app.ts";
import { ApiError, nameTaken } from "../error.ts";
import { machineId, machineName, privateIp, ulid } from "../id.ts";
import { filledConfig, readCreateRequest, refuseForLevel } from "../machines/config.ts";
import { newLease } from "../machines/lease.ts";
import { type Machine, toWire, UNTOUCHED } from "../machines/machine.ts";
import { placed } from "../machines/placement.ts";
import { checkSecretFiles, checkSecretsVersion } from "../platform/secrets.ts";
import { networkRefusal } from "../processes/network.ts";
import { bodyOf } from "../request.ts";
import { claimedMounts, refuseMounts } from "../volumes/mounts.ts";

export const createMachine: Operation = async (c, { host, platform, region, scheduler }) => {
  const { registry, level, images } = host;
  const request = readCreateRequest(await bodyOf(c));
  refuseForLevel(request.config, level);
  const refusal = networkRefusal(request.config, level.canBeWithoutNetwork);
  if (refusal !== null) throw new ApiError(400, refusal);
  const app = c.req.param("app") ?? "";
  const place = placed(request.region, region);
  const { secrets, volumes } = platform;
  checkSecretsVersion(request.min_secrets_version, secrets.version(app));
  checkSecretFiles(request.config, app, secrets);
  refuseMounts(request.config, level);
  const checkName = () => {
    const holder = request.name ? registry.holderOf(app, request.name) : null;
    if (holder !== null) throw nameTaken(holder, request.name ?? "");
  };
  // Before, since a repeated create is to hear that it was done, and after, since somebody else can have taken the name.
  checkName();
  await images.admit(request.config);
  checkName();
  const mounts = claimedMounts(request.config, app, place, volumes, registry);
  const id = machineId();
  const name = request.name || machineName((drawn) => registry.holderOf(app, drawn) !== null);
  const now = registry.now();
  const machine: Machine = {
    id,
    app,
    name,
    region: place,
    state: "created",
    instanceId: ulid(now),
    privateIp: privateIp(id),
    createdAt: now,
    updatedAt: now,
    isolation: level.name,
    enforcement: level.enforcement,
    events: [{ id: ulid(now), type: "launch", status: "created", source: "user", timestamp: now }],
    ...UNTOUCHED,
    isNew: true,
    ...(request.skip_secrets === true && { skipsSecrets: true }),
    lease: request.lease_ttl ? newLease(c, now, request.lease_ttl, "") : null,
    config: { ...filledConfig(request.config), ...(mounts.length > 0 && { mounts }) },
    image: images.known(request.config.image),
  };
  platform.apps.use(app);
  registry.add(machine);
  scheduler.follow(machine);
  // After the answer is on its way: making a process holds up everything else for a millisecond.
  setImmediate(() => {
    void host.open(machine, !request.skip_launch);
  });
  return c.json({ ...toWire(machine), ...(machine.lease !== null && { nonce: machine.lease.nonce }) });
};
