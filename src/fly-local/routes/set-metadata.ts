/** POST …/metadata/{key} `{value}`: no new version, no restart (docs: Set a metadata key). */

import type { Operation } from "../app.ts";
import { invalid, wrongState } from "../error.ts";
import { bodyOf, machineOf } from "../request.ts";

export const setMetadata: Operation = async (c, { host }) => {
  const { value } = await bodyOf(c);
  if (typeof value !== "string") throw invalid("value: a string is expected");
  const { id, state, config } = machineOf(c, host.registry);
  const metadata = { ...config.metadata, [c.req.param("key") ?? ""]: value };
  if (host.registry.apply(id, { kind: "metadata_set", metadata }) === null)
    throw wrongState("set metadata of", state);
  return c.body(null, 204);
};
