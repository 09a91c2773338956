/** `mayfly schedules next`: when a schedule is due next. */

import { type Command, InvalidArgumentError } from "commander";
import { NEXT_DUE_MAX } from "../../../core/limits.ts";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { orNoSchedule, type ScheduleOptions, scheduleCommand } from "./schedule-call.ts";

interface NextOptions {
  count?: number;
}

export function nextDueCommand(act: (options: ScheduleOptions & NextOptions) => Promise<void>): Command {
  return scheduleCommand<NextOptions>(
    "next",
    "print when a schedule is due next",
    "Prints the next due times of a schedule in UTC, one a line, by its rule: also while it is paused.",
    "nightly/at-two --count 20",
    act,
    (command) => command.option("--count <number>", `how many, up to ${NEXT_DUE_MAX}`, count, 10),
  );
}

export async function nextDue(
  { job, name, count = 10 }: ScheduleOptions & NextOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const { due_at } = await retried(io, () => client.nextDue(job, name, count)).catch(orNoSchedule(client));
  if (due_at.length === 0) return write(io.stderr, "no due time that is known ahead\n");
  for (const time of due_at) await write(io.stdout, `${time}\n`);
}

function count(text: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > NEXT_DUE_MAX)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${NEXT_DUE_MAX}.`);
  return number;
}
