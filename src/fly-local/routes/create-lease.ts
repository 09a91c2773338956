/** POST …/lease: 201 with a nonce; with the nonce of the lease in force the same nonce for longer (docs: Create a lease). */

import type { Operation } from "../app.ts";
import { invalid, machineNotFound } from "../error.ts";
import { LEASE_TTL_DEFAULT_S, LEASE_TTL_MAX_S } from "../limits.ts";
import { leasedMachine, leaseOf, leaseToWire, newLease } from "../machines/lease.ts";
import type { Lease } from "../machines/machine.ts";
import { bodyOf } from "../request.ts";

export const createLease: Operation = async (c, parts) => {
  const { registry } = parts.host;
  const body = await bodyOf(c);
  // fly-go puts the ttl into the query, the docs into the body.
  const ttlS = readTtl(c.req.query("ttl") || body.ttl);
  const description = typeof body.description === "string" ? body.description : "";
  const machine = leasedMachine(c, parts);
  if (machine.state === "destroyed") throw machineNotFound();
  const now = registry.now();
  const current = leaseOf(machine, now);
  const lease: Lease =
    current === null
      ? newLease(c, now, ttlS, description)
      : { ...current, expiresAt: now + ttlS * 1000, description: description || current.description };
  registry.apply(machine.id, { kind: "leased", lease });
  return c.json({ status: "success", data: leaseToWire(machine, lease) }, 201);
};

function readTtl(value: unknown): number {
  const ttl = Number(value ?? LEASE_TTL_DEFAULT_S);
  if (!Number.isInteger(ttl) || ttl < 1 || ttl > LEASE_TTL_MAX_S)
    throw invalid(`ttl: "${value}" is no whole number of seconds from 1 to ${LEASE_TTL_MAX_S}`);
  return ttl;
}
