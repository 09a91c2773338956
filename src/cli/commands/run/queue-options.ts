/** The options of `mayfly run` that say when its turn is. */

import { type Command, InvalidArgumentError, Option } from "commander";
import type { RunSpecInput } from "../../../api/spec-schema.ts";
import { parseDuration } from "../../../core/duration.ts";
import { CONCURRENCY_STRATEGIES, type ConcurrencyStrategy } from "../../../core/run-spec.ts";
import { UsageError } from "../../cli-error.ts";

type QueueInput = Pick<RunSpecInput, "concurrency" | "priority" | "expires" | "delay" | "run_at">;

export interface QueueOptions {
  concurrency?: { key: string; limit?: number };
  strategy?: ConcurrencyStrategy;
  priority?: number;
  expires?: string;
  delay?: string;
  runAt?: string;
}

export function withQueueOptions(command: Command): Command {
  return command
    .option(
      "--concurrency <key[=n]>",
      "run at most so many of this key at once (default: 1); {name}, {image} and {tags.KEY} are filled in",
      concurrencyKey,
    )
    .addOption(
      new Option(
        "--strategy <what>",
        "where the key has no free slot: queue waits, cancel_running ends the oldest, drop_new gives up (default: queue)",
      ).choices(CONCURRENCY_STRATEGIES),
    )
    .option(
      "--priority <number>",
      "of those that wait the highest goes first, from -1000 to 1000 (default: 0)",
      priority,
    )
    .option("--expires <duration>", "give up where its turn has not come by then (default: 1d)", duration)
    .addOption(
      new Option("--delay <duration>", 'start so much later, such as "10m"')
        .argParser(duration)
        .conflicts("runAt"),
    )
    .option("--run-at <time>", 'start then, such as "2026-12-24T18:00:00Z"', moment);
}

/** What is sent of them; nothing where none is given, so that the deployment's defaults stand. */
export function queueOf({
  concurrency,
  strategy,
  priority,
  expires,
  delay,
  runAt,
}: QueueOptions): QueueInput {
  if (strategy !== undefined && concurrency === undefined)
    throw new UsageError("--strategy is for runs with a --concurrency key");
  return {
    concurrency: concurrency && { ...concurrency, strategy },
    priority,
    expires,
    delay,
    run_at: runAt,
  };
}

/** Reads "deploy-prod" and "deploy-prod=3". */
function concurrencyKey(text: string): { key: string; limit?: number } {
  const [, key = text, limit] = /^(.*)=(\d{1,6})$/s.exec(text) ?? [];
  if (key === "") throw new InvalidArgumentError("It must be a key, or key=number.");
  return limit === undefined ? { key } : { key, limit: Number(limit) };
}

function priority(text: string): number {
  if (!/^-?\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function duration(text: string): string {
  if (parseDuration(text) === null)
    throw new InvalidArgumentError('It must be a duration, such as "90s", "15m" or "1h30m".');
  return text;
}

function moment(text: string): string {
  const at = /^\d{4}-\d{2}-\d{2}[Tt ]/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError(
      'It must be a time, such as "2026-12-24T18:00:00Z"; without a zone it is here.',
    );
  return new Date(at).toISOString();
}
