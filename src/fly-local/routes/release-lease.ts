/** DELETE …/lease: only with its nonce (docs: Release a lease). */

import type { Operation } from "../app.ts";
import { LeaseError, leaseNotFound } from "../error.ts";
import { leasedMachine, leaseOf, nonceOf } from "../machines/lease.ts";
import { machineOf } from "../request.ts";

export const releaseLease: Operation = (c, parts) => {
  const { registry } = parts.host;
  const { id } = machineOf(c, registry);
  if (nonceOf(c) === null)
    throw new LeaseError(
      400,
      `machine ID ${id} lease nonce is missing in fly-machine-lease-nonce`,
      "invalid",
    );
  const machine = leasedMachine(c, parts);
  if (leaseOf(machine, registry.now()) === null) throw leaseNotFound(id);
  registry.apply(id, { kind: "leased", lease: null });
  return c.json({ status: "success", data: { ok: true } });
};
