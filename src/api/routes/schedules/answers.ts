/** Parts that the descriptions of the calls about schedules share. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/error.ts";
import type { StoredSchedule } from "../../../flow/ports/schedules.ts";
import { storedScheduleSchema } from "../../firing-schema.ts";
import { jobNameField } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { scheduleBody } from "../../schedule-body.ts";
import { scheduleNameField } from "../../schedule-schema.ts";
import { errorAnswer } from "../answers.ts";

export const scheduleParam = z.strictObject({
  job: jobNameField.openapi({ param: { name: "job", in: "path" } }),
  name: scheduleNameField.openapi({ param: { name: "name", in: "path" } }),
});

export const UNKNOWN_SCHEDULE = { 404: errorAnswer("there is no such schedule") };

export const SCHEDULE_ANSWER = {
  description: "the schedule",
  content: { "application/json": { schema: storedScheduleSchema } },
};

/** @throws AppError `not_found` */
export async function loadSchedule(
  { schedules, orgId }: ApiPorts,
  { job, name }: { job: string; name: string },
): Promise<StoredSchedule> {
  const found = await schedules.find({ orgId, job, name });
  if (found !== null) return found;
  const known = await schedules.ofJob(orgId, job);
  const names = known.map((one) => one.name).join(", ");
  const hint = known.length > 0 ? `; it has ${names}` : "";
  throw new AppError("not_found", `there is no schedule ${name} of a job ${job}${hint}`, "path.name");
}

/** A schedule with the last row of its ledger whose time has come, and the machine that Fly starts for it. */
export async function shownSchedule(ports: ApiPorts, schedule: StoredSchedule) {
  const { schedules, flySchedules, alerts, clock } = ports;
  const now = clock.now();
  const { orgId, job, name, spec } = schedule;
  const [{ firings }, machine, alert] = await Promise.all([
    schedules.firings(schedule, { outcome: null, before: { dueAt: now + 1, isOfSeveral: false }, limit: 1 }),
    spec.rule.kind === "fly" ? flySchedules.find(schedule) : null,
    // Without a limit there is none to be asked for, but an old one.
    spec.lateAfterMs === undefined ? null : alerts.last(orgId, job, name),
  ]);
  return scheduleBody(schedule, machine, firings[0] ?? null, alert, now);
}
