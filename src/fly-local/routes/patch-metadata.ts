/**
 * PUT and PATCH …/metadata `{metadata, machine_version?}`: sets these keys and removes those that are null or empty, all or
 * nothing; the others stay (Fly's OpenAPI document of 2026). No new version, no restart.
 */

import type { Operation } from "../app.ts";
import { invalid, precondition, wrongState } from "../error.ts";
import { bodyOf, machineOf } from "../request.ts";

export const patchMetadata: Operation = async (c, { host }) => {
  const { metadata: changes, machine_version: expected } = await bodyOf(c);
  if (typeof changes !== "object" || changes === null || Array.isArray(changes))
    throw invalid("metadata: an object of strings is expected");
  const machine = machineOf(c, host.registry);
  const metadata = new Map(Object.entries(machine.config.metadata ?? {}));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") metadata.delete(key);
    else if (typeof value === "string") metadata.set(key, value);
    else throw invalid(`metadata.${key}: a string is expected, or null to remove it`);
  }
  if (expected && expected !== machine.instanceId)
    throw precondition(`machine_version is ${expected}, the machine's is ${machine.instanceId}`);
  const change = { kind: "metadata_set", metadata: Object.fromEntries(metadata) } as const;
  if (host.registry.apply(machine.id, change) === null) throw wrongState("set metadata of", machine.state);
  return c.body(null, 204);
};
