/** How a Machine is asked to end: with a signal, and SIGKILL after a time. */

import type { WireConfig } from "../../fly/wire.ts";
import { durationMs } from "../duration.ts";
import { invalid } from "../error.ts";
import { STOP_TIMEOUT_DEFAULT_MS, STOP_TIMEOUT_MAX_MS } from "../limits.ts";
import { stopSignal } from "./signals.ts";

export interface StopPlan {
  readonly signal: NodeJS.Signals;
  readonly timeoutMs: number;
}

/** Measured on Fly; its docs name SIGINT and SIGTERM in different places. */
const DEFAULT_SIGNAL = "SIGINT";

/** What the request asks for, else the config's stop_config, else Fly's defaults. Throws a 400 that names the field. */
export function stopPlan(config: WireConfig, asked: { signal?: unknown; timeout?: unknown } = {}): StopPlan {
  const { stop_config } = config;
  const wanted = asked.signal || stop_config?.signal || DEFAULT_SIGNAL;
  const signal = stopSignal(wanted);
  if (signal === null) throw invalid(`invalid signal "${wanted}"`);
  const timeout = durationMs(asked.timeout ?? 0);
  if (timeout === null)
    throw invalid(`invalid timeout "${asked.timeout}": a duration such as "10s" is expected`);
  // fly-go sends "0s" where it means the default.
  const timeoutMs = timeout || durationMs(stop_config?.timeout ?? 0) || STOP_TIMEOUT_DEFAULT_MS;
  return { signal, timeoutMs: Math.min(timeoutMs, STOP_TIMEOUT_MAX_MS) };
}
