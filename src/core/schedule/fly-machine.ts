/** The Machine that Fly starts for a schedule: what it is made of, and when it can be changed or destroyed. */

import { fingerprint } from "../fingerprint.ts";
import { scheduledMachineName } from "../id.ts";
import type { RunJob } from "../job.ts";
import { FLY_MACHINE_AGAIN_FIRST_MS, FLY_MACHINE_AGAIN_MAX_MS, FLY_MACHINE_BOOT_MAX_MS } from "../limits.ts";
import { type Machine, type MachineConfig, METADATA_PRINT } from "../machine.ts";
import { machineFiles, scheduledMachineConfig } from "../plan.ts";
import { repeatDelayMs } from "../poll.ts";
import type { RunSpec } from "../run-spec.ts";
import type { FlyPeriod } from "./schedule.ts";
import { type ScheduleKey, scheduleId } from "./spec.ts";

/** What a schedule's Machine was made of, or last changed to. Each of its starts is a run of this. */
export interface FlyOrder {
  period: FlyPeriod;
  spec: RunSpec;
  job: RunJob;
  config: MachineConfig;
  /** The same for what makes the same Machine. The Machine carries it, so that its own word tells what it is made of. */
  print: string;
}

/** The name follows from the schedule, so that Fly refuses a second one of it in an app. */
export function flyMachineName(key: ScheduleKey): string {
  return scheduledMachineName(fingerprint(scheduleId(key)));
}

export function flyOrder(
  key: ScheduleKey,
  period: FlyPeriod,
  { spec, job }: { spec: RunSpec; job: RunJob },
  defaultRegion: string | null,
): FlyOrder {
  const name = flyMachineName(key);
  const config = scheduledMachineConfig(spec, job, key.name, name, defaultRegion);
  const print = fingerprint(JSON.stringify([period, config, machineFiles(spec, name)]));
  return {
    period,
    spec,
    job,
    config: { ...config, metadata: { ...config.metadata, [METADATA_PRINT]: print } },
    print,
  };
}

/** True where nothing of the Machine runs, nor is about to: then it can be changed, or go. */
export function isAtRest({ state, events }: Machine, nowMs: number): boolean {
  if (state === "started" || state === "stopping") return false;
  if (state === "stopped" || state === "failed") return true;
  // On its way somewhere; one that never comes there is stuck.
  return nowMs - (events[0]?.at ?? nowMs) > FLY_MACHINE_BOOT_MAX_MS;
}

/** The pause before a Machine is asked for again that could not be had, or went away, so many times in a row. */
export function makeAgainAfterMs(failures: number): number {
  return failures === 0 ? 0 : repeatDelayMs(failures, FLY_MACHINE_AGAIN_FIRST_MS, FLY_MACHINE_AGAIN_MAX_MS);
}
