/** GET …/memory: the Machine's limit and what its processes leave of it, in MiB (Fly's OpenAPI document of 2026). */

import type { Operation } from "../app.ts";
import { memoryIn } from "../machines/memory.ts";
import { machineOf } from "../request.ts";

export const getMemory: Operation = (c, { host }) => c.json(memoryIn(machineOf(c, host.registry), host));
