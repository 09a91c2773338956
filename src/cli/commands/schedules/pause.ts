/** `mayfly schedules pause` and `resume`. */

import type { Command } from "commander";
import type { StoredScheduleBody } from "../../../api/firing-schema.ts";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { orNoSchedule, type ScheduleOptions, scheduleCommand } from "./schedule-call.ts";

export function pauseScheduleCommand(act: (options: ScheduleOptions) => Promise<void>): Command {
  return scheduleCommand(
    "pause",
    "pause a schedule",
    "Pauses a schedule: what comes due is recorded as paused, and not run. Its other runs go on.",
    "nightly/at-two",
    act,
  );
}

export function resumeScheduleCommand(act: (options: ScheduleOptions) => Promise<void>): Command {
  return scheduleCommand(
    "resume",
    "end the pause of a schedule",
    "Ends the pause of a schedule. What came due meanwhile is not run, unless its catch_up says after_pause.",
    "nightly/at-two",
    act,
  );
}

export async function pauseSchedule({ job, name }: ScheduleOptions, io: Io, client: Client): Promise<void> {
  await tell(await retried(io, () => client.pauseSchedule(job, name)).catch(orNoSchedule(client)), io);
}

export async function resumeSchedule({ job, name }: ScheduleOptions, io: Io, client: Client): Promise<void> {
  await tell(await retried(io, () => client.resumeSchedule(job, name)).catch(orNoSchedule(client)), io);
}

function tell({ job, name, paused_by, next_due_at }: StoredScheduleBody, io: Io): Promise<void> {
  const what = `${plain(job)}/${plain(name)}`;
  if (paused_by.length > 0) return write(io.stdout, `${what} is paused by ${paused_by.join(", ")}\n`);
  return write(io.stdout, `${what} is due ${next_due_at === null ? "never again" : `at ${next_due_at}`}\n`);
}
