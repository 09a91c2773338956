/** GET …/events: newest first (Fly's OpenAPI document, Machines_list_events). */

import type { Operation } from "../app.ts";
import { invalid } from "../error.ts";
import { EVENTS_DEFAULT, EVENTS_MAX } from "../limits.ts";
import { machineOf } from "../request.ts";

export const listEvents: Operation = (c, { host }) => {
  const limit = Number(c.req.query("limit") || EVENTS_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1)
    throw invalid(`limit: a whole number from 1 to ${EVENTS_MAX} is expected`);
  return c.json(machineOf(c, host.registry).events.slice(0, Math.min(limit, EVENTS_MAX)));
};
