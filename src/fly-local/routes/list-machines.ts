/** GET /v1/apps/{app}/machines: a bare array, without the destroyed ones unless asked (docs: List Machines). */

import type { Operation } from "../app.ts";
import { leaseOf, leaseToWire } from "../machines/lease.ts";
import { type Machine, toSummary, toWire } from "../machines/machine.ts";
import { flag, words } from "../request.ts";
import { holds } from "../store.ts";

const METADATA = "metadata.";

export const listMachines: Operation = (c, { host }) => {
  const app = c.req.param("app") ?? "";
  const query = c.req.query();
  const metadata = new Map(
    Object.entries(query)
      .filter(([key]) => key.startsWith(METADATA))
      .map(([key, value]) => [key.slice(METADATA.length), value]),
  );
  const states = words(query.state);
  const regions = words(query.region);
  const { registry } = host;
  const live = registry.undestroyed(app).filter((machine) => holds(machine.config.metadata ?? {}, metadata));
  const destroyed =
    flag(c, "include_deleted") || states.includes("destroyed") ? registry.store.destroyed(app, metadata) : [];
  const found = [...live, ...destroyed].filter(
    (machine) =>
      (states.length === 0 || states.includes(machine.state)) &&
      (regions.length === 0 || regions.includes(machine.region)),
  );
  const row = flag(c, "summary") ? toSummary : toWire;
  if (!flag(c, "include_leases")) return c.json(found.map(row));
  const now = registry.now();
  return c.json(found.map((machine) => ({ ...row(machine), ...leaseIn(machine, now) })));
};

function leaseIn(machine: Machine, now: number): { lease?: Record<string, unknown> } {
  const lease = leaseOf(machine, now);
  return lease === null ? {} : { lease: leaseToWire(machine, lease) };
}
