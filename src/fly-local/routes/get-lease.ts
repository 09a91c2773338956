/** GET …/lease: what is in force, with its nonce (docs: Get a lease). */

import type { Operation } from "../app.ts";
import { leaseNotFound } from "../error.ts";
import { leaseOf, leaseToWire } from "../machines/lease.ts";
import { machineOf } from "../request.ts";

export const getLease: Operation = (c, { host }) => {
  const machine = machineOf(c, host.registry);
  const lease = leaseOf(machine, host.registry.now());
  if (lease === null) throw leaseNotFound(machine.id);
  return c.json({ status: "success", data: leaseToWire(machine, lease) });
};
