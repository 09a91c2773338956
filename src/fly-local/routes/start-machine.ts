/** POST …/start: of a stopped Machine; one that is started stays as it is (docs: Start a Machine). */

import type { Operation } from "../app.ts";
import { precondition } from "../error.ts";
import { machineOf } from "../request.ts";

export const startMachine: Operation = (c, { host }) => {
  const { id, state } = machineOf(c, host.registry);
  if (state !== "started" && host.launch(id, "user") === null)
    throw precondition(`unable to start machine from current state: '${state}'`);
  return c.json({ previous_state: state, migrated: false, new_host: "" });
};
