/** POST …/stop: a signal, then SIGKILL after a time; both from the body, the config or Fly's defaults (docs: Stop a Machine). */

import type { Operation } from "../app.ts";
import { durationMs } from "../duration.ts";
import { invalid } from "../error.ts";
import { STOP_TIMEOUT_DEFAULT_MS, STOP_TIMEOUT_MAX_MS } from "../limits.ts";
import { bodyOf, machineOf } from "../request.ts";
import { stopSignal } from "../signals.ts";

/** Measured on Fly; its docs name SIGINT and SIGTERM in different places. */
const DEFAULT_SIGNAL = "SIGINT";

export const stopMachine: Operation = async (c, { host }) => {
  const body = await bodyOf(c);
  const machine = machineOf(c, host.registry);
  const { stop_config } = machine.config;
  const asked = body.signal || stop_config?.signal || DEFAULT_SIGNAL;
  const signal = stopSignal(asked);
  if (signal === null) throw invalid(`invalid signal "${asked}"`);
  const timeout = durationMs(body.timeout ?? 0);
  const configured = durationMs(stop_config?.timeout ?? 0);
  if (timeout === null)
    throw invalid(`invalid timeout "${body.timeout}": a duration such as "10s" is expected`);
  // fly-go sends "0s" where it means the default.
  const timeoutMs = timeout || configured || STOP_TIMEOUT_DEFAULT_MS;
  host.stop(machine.id, signal, Math.min(timeoutMs, STOP_TIMEOUT_MAX_MS));
  return c.json({ ok: true });
};
