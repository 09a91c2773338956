/** DELETE …/metadata/{key}: also where there is no such key (docs: Delete a metadata key). */

import type { Operation } from "../app.ts";
import { machineOf } from "../request.ts";

export const deleteMetadata: Operation = (c, { host }) => {
  const { id, config } = machineOf(c, host.registry);
  const { [c.req.param("key") ?? ""]: _, ...metadata } = config.metadata ?? {};
  host.registry.apply(id, { kind: "metadata_set", metadata });
  return c.body(null, 204);
};
