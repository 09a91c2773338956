/** `mayfly schedules run`: run a schedule now. */

import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { CliError } from "../../cli-error.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { orNoSchedule, type ScheduleOptions, scheduleCommand } from "./schedule-call.ts";

export function runScheduleCommand(act: (options: ScheduleOptions) => Promise<void>): Command {
  return scheduleCommand(
    "run",
    "run a schedule now",
    "Runs a schedule now, with this moment in its ledger, and prints the id of the run. It runs also while it is paused.",
    "nightly/at-two",
    act,
  );
}

export async function runSchedule({ job, name }: ScheduleOptions, io: Io, client: Client): Promise<void> {
  const key = randomUUID();
  const firing = await retried(io, () => client.runSchedule(job, name, key)).catch(orNoSchedule(client));
  if (firing.run_id === null)
    throw new CliError(`${plain(job)}/${plain(name)} was not run: ${plain(firing.why ?? firing.outcome)}`);
  await write(io.stdout, `${firing.run_id}\n`);
}
