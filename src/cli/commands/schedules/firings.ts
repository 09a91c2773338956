/** `mayfly schedules firings`: the ledger of a schedule. */

import type { Command } from "commander";
import { Option } from "commander";
import type { FiringBody } from "../../../api/firing-schema.ts";
import { FIRING_OUTCOMES } from "../../../core/schedule/schedule.ts";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { span } from "../../spans.ts";
import { table } from "../../table.ts";
import { orNoSchedule, type ScheduleOptions, scheduleCommand } from "./schedule-call.ts";

interface FiringsOptions {
  outcome?: string;
  json?: boolean;
}

const WAITS_FOR = {
  schedule: "the previous run",
  concurrency: "a slot",
  organization: "a slot of the deployment",
  launch: "its launch",
};
/** As many as a screen shows. */
const SHOWN = 50;

export function firingsCommand(act: (options: ScheduleOptions & FiringsOptions) => Promise<void>): Command {
  return scheduleCommand<FiringsOptions>(
    "firings",
    "show what became of each due time",
    `Shows the ledger of a schedule: what became of its last ${SHOWN} due times, newest first.`,
    "nightly/at-two --outcome missed",
    act,
    (command) =>
      command
        .addOption(new Option("--outcome <outcome>", "only those that came to this").choices(FIRING_OUTCOMES))
        .option("--json", "print JSON"),
  );
}

export async function firings(
  { job, name, outcome, json }: ScheduleOptions & FiringsOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const ask = () => client.firings(job, name, { outcome, limit: SHOWN });
  const { firings } = await retried(io, ask).catch(orNoSchedule(client));
  if (json) return write(io.stdout, `${JSON.stringify(firings, null, 2)}\n`);
  if (firings.length === 0) return write(io.stderr, "no due time yet\n");
  const width = io.stdoutIsTty ? io.columns : null;
  const rows = firings.map((firing) => [
    firing.due_at,
    firing.outcome.replaceAll("_", " "),
    firing.late_ms === null ? "" : span(firing.late_ms),
    runOf(firing) ?? noteOf(firing),
  ]);
  return write(io.stdout, table(["DUE", "OUTCOME", "LATE", "RUN"], rows, width));
}

function runOf({ run_id, run }: FiringBody): string | null {
  if (run_id === null || run === null) return run_id;
  const doing =
    run.waiting_for === null ? run.status : `${run.status}, waits for ${WAITS_FOR[run.waiting_for]}`;
  return `${run_id} ${doing}`;
}

function noteOf({ why, blocked_by, count, is_count_exact, through }: FiringBody): string {
  if (blocked_by !== null) return `${blocked_by} was in its way`;
  if (why !== null || (count === 1 && is_count_exact)) return why ?? "";
  return `${is_count_exact ? "" : "more than "}${count} in a row, through ${through}`;
}
