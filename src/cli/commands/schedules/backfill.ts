/** `mayfly schedules backfill`: run what was due in the past and came to no run. */

import type { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { orNoSchedule, type ScheduleOptions, scheduleCommand } from "./schedule-call.ts";

interface BackfillOptions {
  from: string;
  to: string;
  yes?: boolean;
}

export function backfillCommand(act: (options: ScheduleOptions & BackfillOptions) => Promise<void>): Command {
  return scheduleCommand<BackfillOptions>(
    "backfill",
    "run what was due in the past and was not run",
    "Prints the due times of a stretch of the past that came to no run, and with --yes runs them. To do it twice is to do it once.",
    "nightly/at-two --from 2026-11-01T00:00:00Z --to 2026-11-08T00:00:00Z",
    act,
    (command) =>
      command
        .requiredOption("--from <time>", "RFC 3339, the first moment of the stretch")
        .requiredOption("--to <time>", "RFC 3339, its last moment")
        .option("--yes", "run them"),
  );
}

export async function backfill(
  { job, name, from, to, yes = false }: ScheduleOptions & BackfillOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const ask = () => client.backfill(job, name, { from, to, preview: !yes });
  const { due_at, already_run, older_than_ledger, armed } = await retried(io, ask).catch(
    orNoSchedule(client),
  );
  for (const time of due_at) await write(io.stdout, `${time}\n`);
  const told = yes ? `${armed} are run now` : `${due_at.length} would be run; --yes runs them`;
  const ran = already_run > 0 ? `; ${already_run} have a run already` : "";
  const unknown =
    older_than_ledger > 0
      ? `; ${older_than_ledger} are older than the ledger tells of, and may have had one`
      : "";
  await write(io.stderr, `${told}${ran}${unknown}\n`);
}
