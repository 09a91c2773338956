/** POST …/start: of a stopped or suspended Machine; one that is started stays as it is (docs: Start a Machine). */

import type { Operation } from "../app.ts";
import { wrongState } from "../error.ts";
import { leasedMachine } from "../machines/lease.ts";
import { refuseOtherLevel } from "../machines/own-level.ts";

export const startMachine: Operation = (c, parts) => {
  const machine = leasedMachine(c, parts);
  const { id, state } = machine;
  refuseOtherLevel(machine, parts.host.level);
  if (state !== "started" && parts.host.launch(id, "user") === null) throw wrongState("start", state);
  return c.json({ previous_state: state, migrated: false, new_host: "" });
};
