/** `mayfly runs list`: runs, newest first. */

import { Command, InvalidArgumentError, Option } from "commander";
import type { RunSummaryBody } from "../../../api/run-schema.ts";
import { parseDuration } from "../../../core/duration.ts";
import { COMMIT_COMPLAINT, COMMIT_PREFIX } from "../../../core/hook/commit.ts";
import { DELIVERY_TEXT_MAX_CHARS, LIST_LIMIT_MAX } from "../../../core/limits.ts";
import { RUN_STATUSES } from "../../../core/run.ts";
import type { Client, ListQuery } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { durationOf, shortChange, shortReason, whatRuns } from "../../run-words.ts";
import { age } from "../../spans.ts";
import { table } from "../../table.ts";

const SHOWN_UNLESS_ASKED = 20;

export interface ListOptions extends ConnectionOptions {
  status?: string[];
  tag?: string;
  job?: string;
  commit?: string;
  branch?: string;
  /** An instant, or a duration before now. */
  since?: string;
  until?: string;
  limit: number;
  all?: boolean;
  json?: boolean;
}

export function listCommand(act: (options: ListOptions) => Promise<void>): Command {
  const command = new Command("list")
    .summary("list runs, newest first")
    .description(
      "Lists runs, newest first, one a line. A terminal's width cuts the command; in a pipe it is whole, with its line breaks spelled out. Programs read --json.",
    )
    .addOption(
      new Option("--status <status>", "only runs of this status (repeatable)")
        .choices(RUN_STATUSES)
        .argParser(statuses),
    )
    .option("--tag <key=value>", "only runs with this tag", tag)
    .option("--job <name>", "only runs of this job")
    .option("--commit <sha>", "only runs that build this commit: seven digits of it, or more", commit)
    .option(
      "--branch <name>",
      "only runs for what was pushed to this branch, or a pull request from it that is no fork's",
      branch,
    )
    .option("--since <when>", 'only runs accepted since: a time, or a duration ago, such as "2h"', when)
    .option("--until <when>", "only runs accepted before, likewise", when)
    .option("--limit <number>", "at most so many", limit, SHOWN_UNLESS_ASKED)
    .option("--all", "all of them")
    .option("--json", "print JSON")
    .addHelpText("after", EXAMPLES)
    .action((options: ListOptions) => act(options));
  return withConnection(command);
}

const EXAMPLES = `
Examples:
  mayfly runs list --status failed --since 24h
  mayfly runs list --tag team=data --all --json
  mayfly runs list --job build --branch main
  mayfly runs list --commit 72d3162ecc
`;

export async function printRuns(options: ListOptions, io: Io, client: Client): Promise<void> {
  const { runs, more } = await pages(
    client,
    queryOf(options, io.now()),
    options.all ? Number.POSITIVE_INFINITY : options.limit,
  );
  if (options.json) return write(io.stdout, `${JSON.stringify(runs, null, 2)}\n`);
  if (runs.length === 0) return write(io.stderr, "no runs\n");
  const changes = runs.map(shortChange);
  // Where nothing is built there is no such column.
  const shown = changes.some((change) => change !== "")
    ? [...HEADER, "CHANGE", ...WHAT]
    : [...HEADER, ...WHAT];
  const rows = runs.map((run, at) => [
    ...cells(run, io.now()),
    ...(shown.includes("CHANGE") ? [changes[at] ?? ""] : []),
    ...[run.image, whatRuns(run)],
  ]);
  await write(io.stdout, table(shown, rows, io.stdoutIsTty ? io.columns : null));
  if (more) await write(io.stderr, `… and older ones: --limit or --all shows more\n`);
}

const HEADER = ["ID", "STATUS", "REASON", "AGE", "DURATION", "NAME"];
const WHAT = ["IMAGE", "COMMAND"];

function cells(run: RunSummaryBody, nowMs: number): string[] {
  return [
    run.id,
    run.status,
    shortReason(run),
    age(Date.parse(run.accepted_at), nowMs),
    durationOf(run, nowMs),
    run.name ?? run.job?.name ?? "",
  ];
}

async function pages(
  client: Client,
  query: ListQuery,
  wanted: number,
): Promise<{ runs: RunSummaryBody[]; more: boolean }> {
  const runs: RunSummaryBody[] = [];
  let cursor: string | undefined;
  while (true) {
    const page = await client.list({
      ...query,
      cursor,
      limit: Math.min(LIST_LIMIT_MAX, wanted - runs.length),
    });
    runs.push(...page.runs);
    if (page.next_cursor === null || runs.length >= wanted) return { runs, more: page.next_cursor !== null };
    cursor = page.next_cursor;
  }
}

function queryOf(options: ListOptions, nowMs: number): ListQuery {
  return {
    status: options.status?.join(","),
    tag: options.tag?.replace("=", ":"),
    job: options.job,
    commit: options.commit,
    branch: options.branch,
    since: instant(options.since, nowMs),
    until: instant(options.until, nowMs),
  };
}

/** The moment that {@link when} took. */
export function instant(text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined;
  const ago = parseDuration(text);
  return new Date(ago === null ? Date.parse(text) : nowMs - ago).toISOString();
}

function statuses(text: string, before: string[] = []): string[] {
  const given = text.split(",");
  const unknown = given.find((status) => !(RUN_STATUSES as readonly string[]).includes(status));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`Allowed choices are ${RUN_STATUSES.join(", ")}.`);
  return [...before, ...given];
}

/** A commit of a filter. */
function commit(text: string): string {
  if (!COMMIT_PREFIX.test(text.toLowerCase())) throw new InvalidArgumentError(`It ${COMMIT_COMPLAINT}.`);
  return text;
}

/** A branch of a filter. */
function branch(text: string): string {
  if (text === "" || text.length > DELIVERY_TEXT_MAX_CHARS)
    throw new InvalidArgumentError(
      `It must be a branch's name, such as main, of ${DELIVERY_TEXT_MAX_CHARS} characters at most.`,
    );
  return text;
}

/** One tag of a filter. */
export function tag(text: string, before?: string): string {
  if (before !== undefined) throw new InvalidArgumentError("It can be given once.");
  if (!/^[^=]+=/.test(text)) throw new InvalidArgumentError("It must be key=value.");
  return text;
}

/** A moment, or a duration before now. */
export function when(text: string): string {
  if (parseDuration(text) === null && Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError(
      'It must be a time, such as "2026-11-21T10:00:00Z", or a duration ago, such as "90m" or "2h".',
    );
  return text;
}

/** How many to list at most. */
export function limit(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}
