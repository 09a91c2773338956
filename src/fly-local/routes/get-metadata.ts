/** GET …/metadata, a flat map, and GET …/metadata/{key}, `{value}` (docs: Machines resource, metadata). */

import type { Operation } from "../app.ts";
import { ApiError } from "../error.ts";
import { machineOf } from "../request.ts";

export const getMetadata: Operation = (c, { host }) => {
  const metadata = machineOf(c, host.registry).config.metadata ?? {};
  const key = c.req.param("key");
  if (key === undefined) return c.json(metadata);
  // What every object has besides is none of them.
  const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  if (value === undefined) throw new ApiError(404, `not_found: metadata key "${key}" not found`);
  return c.json({ value });
};
