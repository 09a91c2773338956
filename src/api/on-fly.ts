/** What a job with a schedule of `on: fly` can not have: Fly starts its machine, and Mayfly hears of it later. */

import type { z } from "zod";
import { AppError } from "../core/error.ts";
import type { JobDefinition } from "../core/job.ts";
import { FLY_RUN_MAX_BYTES } from "../core/limits.ts";
import type { ScheduleSpec } from "../core/schedule/spec.ts";
import { durationMs } from "./duration-field.ts";
import type { runSpecSchema } from "./spec-schema.ts";

type RunInput = Pick<
  z.output<typeof runSpecSchema>,
  "checkout" | "concurrency" | "delay" | "run_at" | "secrets"
>;

/** Fields of the schedule, and why they mean nothing. */
const OF_SCHEDULE: Record<string, string> = {
  timezone: "Fly chooses the minute, and there is no local time",
  starts: "Fly starts the machine when it is made; pause the schedule until then",
  ends: "Fly knows of no end; pause the schedule, or leave it out, from then on",
  overlap: "Fly starts no machine that is at work still, and nothing else can be chosen",
  catch_up: "Fly makes nothing up for",
  late_after: "nobody knows when it is due; expect_every of the job tells of one that is not heard of",
  jitter: "Fly chooses the minute",
  punctual: "Fly chooses the second, too",
};

/**
 * @param definition as it was written
 * @param schedules those of it, in its order
 * @param run of it, with its defaults filled in
 * @throws AppError `invalid_input`
 */
export function refuseOnFly(definition: JobDefinition, schedules: ScheduleSpec[], run: RunInput): void {
  const [first] = schedules.flatMap(({ rule }, index) => (rule.kind === "fly" ? [index] : []));
  if (first === undefined) return;
  for (const [index, { rule }] of schedules.entries()) {
    if (rule.kind !== "fly") continue;
    for (const [field, why] of Object.entries(OF_SCHEDULE))
      if (definition.schedules?.[index]?.[field] !== undefined)
        throw refused(`schedules.${index}.${field}`, `does not go with on: fly: ${why}`);
  }
  const by = `schedules.${first} is on: fly`;
  if (run.concurrency !== undefined)
    throw refused("run.concurrency", `can not be kept: ${by}, and Fly starts its machine at any time`);
  if (run.delay !== undefined && durationMs(run.delay) > 0)
    throw refused(
      "run.delay",
      `can not be kept: ${by}, and its machine is started before its run is accepted`,
    );
  if (run.run_at !== undefined)
    throw refused("run.run_at", `can not be kept: ${by}, and Fly chooses the time`);
  if (Object.keys(run.secrets).length > 0)
    throw refused(
      "run.secrets",
      `can not be given: ${by}, and the same machine is started again and again while secrets are given to one run; use cron or every`,
    );
  if (typeof run.checkout === "object" && (run.checkout.token ?? run.checkout.deploy_key) !== undefined)
    throw refused(
      run.checkout.token === undefined ? "run.checkout.deploy_key" : "run.checkout.token",
      `can not be given: ${by}, and the same machine is started again and again while secrets are given to one run; use cron or every`,
    );
  const bytes = new TextEncoder().encode(JSON.stringify(definition.run)).length;
  if (bytes > FLY_RUN_MAX_BYTES)
    throw refused("run", `has ${bytes} bytes as JSON, and can have ${FLY_RUN_MAX_BYTES} at most where ${by}`);
}

function refused(path: string, message: string): AppError {
  return new AppError("invalid_input", message, path);
}
