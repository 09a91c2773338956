/** `mayfly runs cancel`: ask a run to end, or all that fit a filter. */

import { Command, InvalidArgumentError, Option } from "commander";
import { isFinal, RUN_STATUSES } from "../../../core/run.ts";
import type { Client } from "../../api-client.ts";
import { ApiError, orNoRun } from "../../api-error.ts";
import { CliError, UsageError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { standing } from "../../run-words.ts";
import { instant, tag, when } from "./list.ts";

export interface CancelOptions extends ConnectionOptions {
  runId?: string;
  status?: string[];
  tag?: string;
  job?: string;
  since?: string;
  until?: string;
  all?: boolean;
}

const ACTIVE: string[] = RUN_STATUSES.filter((status) => !isFinal(status));

export function cancelCommand(act: (options: CancelOptions) => Promise<void>): Command {
  const command = new Command("cancel")
    .summary("ask a run to end, or all that fit")
    .description(
      "Asks a run to end: its command gets SIGTERM and, after the run's stop limit, SIGKILL. Does not wait for it. In place of an id, options say which runs are meant; the ids of those that were asked are printed.",
    )
    .argument("[id]", "the run")
    .addOption(
      new Option("--status <status>", "runs of this status (repeatable)").choices(ACTIVE).argParser(statuses),
    )
    .option("--tag <key=value>", "runs with this tag", tag)
    .option("--job <name>", "runs of this job")
    .option("--since <when>", 'runs accepted since: a time, or a duration ago, such as "2h"', when)
    .option("--until <when>", "runs accepted before, likewise", when)
    .option("--all", "all runs that are not final")
    .addHelpText("after", EXAMPLES)
    .action((runId: string | undefined, options: Omit<CancelOptions, "runId">) =>
      act({ ...options, ...(runId !== undefined && { runId }) }),
    );
  return withConnection(command);
}

const EXAMPLES = `
Examples:
  mayfly runs cancel run_01jd0k3v7c9q2m8w5x4y6z7a8b
  mayfly runs cancel --tag team=data --status queued
  mayfly runs cancel --since 10m
`;

export async function cancelRun(options: CancelOptions, io: Io, client: Client): Promise<void> {
  const { runId, status, tag, job, since, until, all } = options;
  const hasFilter = [status, tag, job, since, until, all].some((given) => given !== undefined);
  if (runId !== undefined && hasFilter) throw new UsageError("give either an id or a filter, not both");
  if (runId !== undefined) return cancelOne(runId, io, client);
  if (!hasFilter)
    throw new UsageError(
      "nothing to cancel",
      "give a run's id, or --tag, --job, --status, --since, --until or --all",
    );
  return cancelFitting(options, io, client);
}

async function cancelOne(runId: string, io: Io, client: Client): Promise<void> {
  const run = await retried(io, () => client.cancel(runId))
    .catch(final)
    .catch(orNoRun(runId, client.command));
  const said = isFinal(run.status) ? standing(run, io.now()) : "is being cancelled";
  await write(io.stdout, `${plain(run.id)} ${plain(said)}\n`);
}

/** Call after call until none is left; each is safe to repeat. */
async function cancelFitting(options: CancelOptions, io: Io, client: Client): Promise<void> {
  const filter = {
    status: options.status ?? ACTIVE,
    tag: options.tag?.replace("=", ":"),
    job: options.job,
    since: instant(options.since, io.now()),
    until: instant(options.until, io.now()),
  };
  const counts = { cancelled: 0, alreadyAsked: 0, ended: 0 };
  let cursor: string | undefined;
  do {
    const page = await retried(io, () => client.cancelAll({ ...filter, cursor }));
    for (const id of page.run_ids) await write(io.stdout, `${plain(id)}\n`);
    counts.cancelled += page.cancelled;
    counts.alreadyAsked += page.already_asked;
    counts.ended += page.ended;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  const others = [
    counts.alreadyAsked > 0 ? `; ${counts.alreadyAsked} had been asked before` : "",
    counts.ended > 0 ? `; ${counts.ended} ended by themselves meanwhile` : "",
  ].join("");
  await say(
    io,
    `${counts.cancelled} ${counts.cancelled === 1 ? "run is" : "runs are"} being cancelled${others}`,
  );
}

function final(error: unknown): never {
  if (error instanceof ApiError && error.code === "run_is_final") throw new CliError(error.message);
  throw error;
}

function statuses(text: string, before: string[] = []): string[] {
  const given = text.split(",");
  if (given.some((status) => !ACTIVE.includes(status)))
    throw new InvalidArgumentError(`Allowed choices are ${ACTIVE.join(", ")}.`);
  return [...before, ...given];
}
