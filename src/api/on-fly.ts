/** What a job with a schedule of `on: fly` can not have: Fly starts its machine, and Mayfly hears of it later. */

import { FLY_RUN_MAX_BYTES } from "../core/limits.ts";
import { durationMs } from "./duration-field.ts";
import type { FieldComplaint } from "./field-complaints.ts";
import { isObject } from "./spec-input.ts";

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

/** All that is wrong with a definition for that, as it was written; anything can stand in it. */
export function onFlyComplaints({ run, schedules }: Record<string, unknown>): FieldComplaint[] {
  const list = Array.isArray(schedules) ? (schedules as unknown[]) : [];
  const ofFly = list.flatMap((schedule, index) =>
    isObject(schedule) && schedule.on === "fly" ? [{ schedule, index }] : [],
  );
  const [first] = ofFly;
  if (first === undefined) return [];
  const ofSchedules = ofFly.flatMap(({ schedule, index }) =>
    Object.entries(OF_SCHEDULE)
      .filter(([field]) => schedule[field] !== undefined)
      .map(([field, why]) => ({
        path: ["schedules", index, field],
        message: `does not go with on: fly: ${why}`,
      })),
  );
  const ofRun = isObject(run) ? runComplaints(run, `schedules.${first.index} is on: fly`) : [];
  return [...ofSchedules, ...ofRun];
}

function runComplaints(run: Record<string, unknown>, by: string): FieldComplaint[] {
  const { concurrency, delay, run_at, secrets, checkout } = run;
  const bytes = new TextEncoder().encode(JSON.stringify(run)).length;
  const wrong: [field: string | null, isWrong: boolean, message: string][] = [
    [
      "concurrency",
      concurrency !== undefined,
      `can not be kept: ${by}, and Fly starts its machine at any time`,
    ],
    [
      "delay",
      typeof delay === "string" && durationMs(delay) > 0,
      `can not be kept: ${by}, and its machine is started before its run is accepted`,
    ],
    ["run_at", run_at !== undefined, `can not be kept: ${by}, and Fly chooses the time`],
    [
      "secrets",
      isObject(secrets) && Object.keys(secrets).length > 0,
      `can not be given: ${by}, and the same machine is started again and again while secrets are given to one run; use cron or every`,
    ],
    [
      "checkout",
      isObject(checkout) && (checkout.token ?? checkout.deploy_key) !== undefined,
      `can not have secrets: ${by}, and the same machine is started again and again while secrets are given to one run; use cron or every`,
    ],
    [
      null,
      bytes > FLY_RUN_MAX_BYTES,
      `has ${bytes} bytes as JSON, and can have ${FLY_RUN_MAX_BYTES} at most where ${by}`,
    ],
  ];
  return wrong
    .filter(([, isWrong]) => isWrong)
    .map(([field, , message]) => ({ path: field === null ? ["run"] : ["run", field], message }));
}
