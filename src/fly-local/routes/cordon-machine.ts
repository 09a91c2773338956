/** POST …/cordon and …/uncordon: remembered and shown; there is no proxy here that would act on it (docs: Cordon a Machine). */

import type { Operation } from "../app.ts";
import { wrongState } from "../error.ts";
import { leasedMachine } from "../machines/lease.ts";

export const cordonMachine: Operation = cordon(true);
export const uncordonMachine: Operation = cordon(false);

function cordon(cordoned: boolean): Operation {
  return (c, parts) => {
    const { id, state } = leasedMachine(c, parts);
    if (state === "destroyed") throw wrongState(cordoned ? "cordon" : "uncordon", state);
    parts.host.registry.apply(id, { kind: "cordoned", cordoned });
    return c.json({ ok: true });
  };
}
