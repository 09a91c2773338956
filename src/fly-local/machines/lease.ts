/**
 * The exclusive right to change a Machine (docs: Machines resource, leases). Whoever shows the nonce goes ahead; without it
 * most changes are refused, while a stop and a destroy wait until the lease is over, as measured on Fly.
 */

import { createHash, randomBytes } from "node:crypto";
import type { ApiParts } from "../app.ts";
import { leaseHeld } from "../error.ts";
import { type Call, clientLeft, machineOf } from "../request.ts";
import type { Lease, Machine } from "./machine.ts";
import { instant } from "./machine.ts";

/** What a stop and a destroy do that lack the nonce. Fly's docs say that they are refused. */
export type LeaseConflict = "wait" | "refuse";

/** @returns what is in force at `now`, or null. A lease ends with its Machine. */
export function leaseOf({ lease, state }: Machine, now: number): Lease | null {
  return lease !== null && lease.expiresAt > now && state !== "destroyed" ? lease : null;
}

/** A lease with a nonce of its own. @param now epoch milliseconds */
export function newLease(c: Call, now: number, ttlS: number, description: string): Lease {
  const nonce = randomBytes(NONCE_BYTES).toString("hex");
  return { nonce, expiresAt: now + ttlS * 1000, owner: ownerOf(c), description };
}

const NONCE_BYTES = 6;

export function nonceOf(c: Call): string | null {
  return c.req.header("fly-machine-lease-nonce") || null;
}

/** The Machine, free for this request. Throws a 409 where somebody else leases it. */
export function leasedMachine(c: Call, { host }: ApiParts): Machine {
  const machine = machineOf(c, host.registry);
  const lease = leaseOf(machine, host.registry.now());
  if (lease !== null && lease.nonce !== nonceOf(c)) throw held(machine, lease);
  return machine;
}

/** Like {@link leasedMachine}, but waits for the end of somebody else's lease, as long as the client does. */
export async function untilLeaseAllows(c: Call, parts: ApiParts): Promise<Machine> {
  const { registry } = parts.host;
  const nonce = nonceOf(c);
  let machine = machineOf(c, registry);
  let lease = leaseOf(machine, registry.now());
  if (lease === null || lease.nonce === nonce) return machine;
  if (parts.leaseConflict === "refuse") throw held(machine, lease);
  const left = clientLeft(c);
  while (lease !== null && lease.nonce !== nonce) {
    await leaseMayBeOver(parts, machine.id, lease, left);
    if (left.aborted) throw held(machine, lease);
    machine = machineOf(c, registry);
    lease = leaseOf(machine, registry.now());
  }
  return machine;
}

function leaseMayBeOver(parts: ApiParts, id: string, lease: Lease, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      unlisten();
      left.removeEventListener("abort", done);
      resolve();
    };
    const cancel = parts.clock.at(lease.expiresAt, done);
    const unlisten = parts.host.registry.onChange(id, done);
    left.addEventListener("abort", done);
    if (left.aborted) done();
  });
}

function held(machine: Machine, lease: Lease): Error {
  return leaseHeld(machine.id, lease.owner, instant(lease.expiresAt));
}

/** Who a token is, the way Fly writes it: the same for the same token. */
function ownerOf(c: Call): string {
  const hex = createHash("sha256")
    .update(c.req.header("authorization") ?? "")
    .digest("hex");
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  return `${uuid.join("-")}@tokens.fly.io`;
}

/** The inner object of a lease answer; `expires_at` is Unix seconds. */
export function leaseToWire(machine: Machine, lease: Lease): Record<string, unknown> {
  return {
    nonce: lease.nonce,
    expires_at: Math.floor(lease.expiresAt / 1000),
    owner: lease.owner,
    description: lease.description,
    version: machine.instanceId,
  };
}
