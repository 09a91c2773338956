/**
 * GET /v1/orgs/{org}/machines: Machines of all apps, the longest unchanged first, in pages (Fly's OpenAPI document of 2026,
 * Machines_org_list). A page can be empty and still not be the last: only a missing `next_cursor` says that.
 */

import type { Operation } from "../app.ts";
import { invalid } from "../error.ts";
import { instant, type Machine, toOrgRow } from "../machines/machine.ts";
import { type Position, readPosition, writePosition } from "../position.ts";
import { flag, words } from "../request.ts";

const LIMIT_MAX = 1000;
const LIMIT_DEFAULT = 100;

export const listOrgMachines: Operation = (c, { host, platform: { apps } }) => {
  const { registry } = host;
  const organization = apps.organization(c.req.param("org") ?? "");
  const limit = readLimit(c.req.query("limit"));
  const after = readStart(c.req.query("cursor"), c.req.query("updated_after"));
  const isAfter = ({ updatedAt, id }: Machine) =>
    updatedAt > after.updatedAt || (updatedAt === after.updatedAt && id > after.id);
  const states = words(c.req.query("state"));
  const regions = words(c.req.query("region"));
  const wantsDestroyed = flag(c, "include_deleted") || states.includes("destroyed");
  const destroyed = wantsDestroyed ? registry.store.destroyedAfter(after, limit + 1) : [];
  const found = [...registry.undestroyed(null).filter(isAfter), ...destroyed].sort(
    (a, b) => a.updatedAt - b.updatedAt || (a.id < b.id ? -1 : 1),
  );
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const wanted = page.filter(
    (machine) =>
      apps.organizationOf(machine.app) === organization &&
      (states.length === 0 || states.includes(machine.state)) &&
      (regions.length === 0 || regions.includes(machine.region)),
  );
  return c.json({
    machines: wanted.map((machine) => toOrgRow(machine, flag(c, "summary"))),
    ...(found.length > limit && last !== undefined && { next_cursor: writePosition(last) }),
    ...(last !== undefined && { last_machine_id: last.id, last_updated_at: instant(last.updatedAt) }),
    error_regions: [],
  });
};

function readLimit(text: string | undefined): number {
  const limit = Number(text || LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1)
    throw invalid(`limit: a whole number from 1 to ${LIMIT_MAX} is expected`);
  return Math.min(limit, LIMIT_MAX);
}

function readStart(cursor: string | undefined, updatedAfter: string | undefined): Position {
  if (cursor) {
    const position = readPosition(cursor);
    if (position === null) throw invalid("cursor: it is none that this server gave");
    return position;
  }
  if (!updatedAfter) return { updatedAt: 0, id: "" };
  const updatedAt = Date.parse(updatedAfter);
  if (Number.isNaN(updatedAt)) throw invalid(`updated_after: "${updatedAfter}" is no RFC 3339 time`);
  return { updatedAt, id: LAST_ID };
}

/** Sorts behind every Machine id, so that what changed at this very instant is left out. */
const LAST_ID = "~";
