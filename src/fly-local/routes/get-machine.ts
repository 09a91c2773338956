/** GET /v1/apps/{app}/machines/{id}: destroyed Machines too, for two days (docs: Get a Machine). */

import type { Operation } from "../app.ts";
import { toWire } from "../machines/machine.ts";
import { machineOf } from "../request.ts";

export const getMachine: Operation = (c, { host }) => c.json(toWire(machineOf(c, host.registry)));
