/** POST …/signal: to the main process, by name or number (Fly's OpenAPI document, Machines_signal). */

import type { Operation } from "../app.ts";
import { invalid, precondition } from "../error.ts";
import { anySignal, signalNumber } from "../machines/signals.ts";
import { bodyOf, machineOf } from "../request.ts";

export const signalMachine: Operation = async (c, { host }) => {
  const body = await bodyOf(c);
  const machine = machineOf(c, host.registry);
  const signal = anySignal(body.signal);
  if (signal === null) throw invalid(`invalid signal "${body.signal}"`);
  if (!["starting", "started", "stopping"].includes(machine.state)) throw precondition("machine not running");
  host.signal(machine.id, signal, signalNumber(signal));
  return c.json({ ok: true });
};
