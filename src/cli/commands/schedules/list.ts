/** `mayfly schedules list`: when each schedule is due next, and what became of its last due time. */

import { Command } from "commander";
import type { ScheduleListBody } from "../../../api/firing-schema.ts";
import { LIST_LIMIT_MAX } from "../../../core/limits.ts";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { span } from "../../spans.ts";
import { table } from "../../table.ts";

export interface ListSchedulesOptions extends ConnectionOptions {
  job?: string;
  json?: boolean;
}

export function listSchedulesCommand(act: (options: ListSchedulesOptions) => Promise<void>): Command {
  const command = new Command("list")
    .summary("list schedules by job and name")
    .description("Lists schedules with when they are due next, and what became of their last due time.")
    .option("--job <name>", "only those of this job")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly schedules list\n")
    .action((options: ListSchedulesOptions) => act(options));
  return withConnection(command);
}

export async function listSchedules(
  { job, json }: ListSchedulesOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const schedules: ScheduleListBody["schedules"] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = { limit: LIST_LIMIT_MAX, job, cursor };
    const page: ScheduleListBody = await retried(io, () => client.schedules(query));
    schedules.push(...page.schedules);
    cursor = page.next_cursor;
  }
  if (json) return write(io.stdout, `${JSON.stringify(schedules, null, 2)}\n`);
  if (schedules.length === 0) return write(io.stderr, "no schedules\n");
  const rows = schedules.map((schedule) => [
    `${schedule.job}/${schedule.name}`,
    `${schedule.rule}${schedule.punctual ? ", punctual" : ""}`,
    nextOf(schedule, io.now()),
    schedule.last_firing === null ? "" : schedule.last_firing.outcome.replaceAll("_", " "),
  ]);
  const width = io.stdoutIsTty ? io.columns : null;
  return write(io.stdout, table(["SCHEDULE", "DUE", "NEXT", "LAST"], rows, width));
}

function nextOf(schedule: ScheduleListBody["schedules"][number], nowMs: number): string {
  if (schedule.is_over) return "over";
  if (schedule.paused_by.length > 0) return `paused by ${schedule.paused_by.join(", ")}`;
  if (schedule.fly !== null) return schedule.fly.problem ?? "when Fly starts it";
  return schedule.next_due_at === null ? "" : `in ${span(Date.parse(schedule.next_due_at) - nowMs)}`;
}
