/** `mayfly run`: from the command line to options. */

import { Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../../../core/duration.ts";
import { GUEST_SIZES } from "../../../core/guest.ts";
import { IDEMPOTENCY_KEY_MAX_CHARS } from "../../../core/limits.ts";
import { UsageError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { headerComplaint } from "../../header-value.ts";
import { RUN_EXAMPLES } from "./examples.ts";
import { type QueueOptions, withQueueOptions } from "./queue-options.ts";
import { collect, collectDistinct, collectLast } from "./repeated.ts";
import { type RetryOptions, retries, retryRule } from "./retry-options.ts";

/** A file of this computer that is put into the machine. */
export interface FileOption {
  guest: string;
  local: string;
}

/** What a run is to be, but for its image and its capture. */
export interface SpecOptions extends ConnectionOptions, RetryOptions, QueueOptions {
  /** Empty where a script, or the image's own command, runs. */
  command: string[];
  /** Path of a script, "-" for stdin. */
  script?: string;
  /** A value of null is taken from the environment of this command. */
  env: [name: string, value: string | null][];
  /** Names of secrets by the variables that they are given in. */
  secrets: [variable: string, name: string][];
  files: FileOption[];
  timeout?: string;
  size?: string;
  cpuKind?: "shared" | "performance";
  cpus?: number;
  memoryMb?: number;
  regions: string[];
  name?: string;
  tags: Record<string, string>;
}

export interface RunOptions extends SpecOptions {
  image: string;
  capture: "output" | "none";
  idempotencyKey?: string;
  detach: boolean;
  json: boolean;
}

/** The options of {@link withSpecOptions} as commander hands them over. */
export interface ParsedSpec
  extends Omit<SpecOptions, "command" | "env" | "secrets" | "files" | "memoryMb" | "regions" | "tags"> {
  env?: SpecOptions["env"];
  secret?: SpecOptions["secrets"];
  file?: FileOption[];
  memory?: number;
  region?: string[];
  tag?: [string, string][];
}

type Parsed = ParsedSpec &
  Omit<RunOptions, keyof SpecOptions | "detach" | "json"> & { detach?: boolean; json?: boolean };

/** The command, handing its options to `act`. */
export function runCommand(act: (options: RunOptions) => Promise<void>): Command {
  const command = new Command("run")
    .summary("run a command in a container on a machine of its own")
    .description(
      "Runs a command in a container on a machine that lives only for it. Output comes here as it is written, and this command ends as that one did.",
    )
    .usage("[options] --image <image> -- command [args...]")
    .argument("[command...]", "the program and its arguments, run by no shell")
    .passThroughOptions()
    .requiredOption("--image <image>", "container image to run");
  withSpecOptions(command)
    .addOption(
      new Option(
        "--capture <what>",
        "none: run the image as it is, without output; for images without a shell",
      )
        .choices(["output", "none"])
        .default("output"),
    )
    .option(
      "--idempotency-key <key>",
      "submitting again with the same key answers the same run",
      idempotencyKey,
    )
    .option("--detach", "print the run's id at once and leave it running")
    .option("--json", "print the final run as JSON to stdout in place of its output")
    .addHelpText("after", RUN_EXAMPLES)
    .action((words: string[], parsed: Parsed) => act(optionsOf(words, parsed)));
  return withConnection(command);
}

/** Adds the options that say what a run is to be, but for its image and its capture. */
export function withSpecOptions(command: Command): Command {
  command
    .option(
      "--env <name[=value]>",
      "environment variable; without =value it is taken from here (repeatable; the last of a name counts)",
      collectLast(envPair, ([name]) => name),
    )
    .option(
      "--secret <name>",
      "environment variable that holds this secret; variable=name where it is called otherwise (repeatable)",
      collectDistinct(secretPair, ([variable]) => variable),
    )
    .option(
      "--file <guest:local>",
      "put a local file at a path in the machine (repeatable, each path once)",
      collectDistinct(filePair, ({ guest }) => guest),
    )
    .option(
      "--timeout <duration>",
      'end the command after this long, such as "90s" or "2h" (default: 15m)',
      duration,
    )
    .addOption(
      new Option("--size <size>", "machine size")
        .choices(Object.keys(GUEST_SIZES))
        .conflicts(["cpuKind", "cpus"]),
    )
    .addOption(
      new Option("--cpu-kind <kind>", "kind of CPUs, instead of --size").choices(["shared", "performance"]),
    )
    .option("--cpus <number>", "number of CPUs, instead of --size", wholeNumber)
    .option("--memory <MB>", 'memory in MB, or as "2gb"', megabytes)
    .option(
      "--region <region>",
      'where, in order of preference, such as "ams" or "eu" (repeatable)',
      collect(String),
    )
    .option(
      "--retry <number>",
      "attempts after the first one where the command fails (default: 0; a lost machine is replaced anyhow)",
      retries,
    )
    .option(
      "--retry-wait <duration>",
      "pause before the first retry, doubling up to 5m (default: 2s)",
      duration,
    )
    .option(
      "--retry-rule <rule>",
      "failures=action[:pause], what follows some failures, such as out_of_memory=next_size or 75,SIGTERM=stop (repeatable; the first that fits counts)",
      collect(retryRule),
    );
  return withQueueOptions(command)
    .option("--name <name>", "a name for people")
    .option(
      "--tag <key=value>",
      "a tag to find the run by (repeatable, each key once)",
      collectDistinct(tagPair, ([key]) => key),
    )
    .option("--script <file>", "run this shell script in place of a command; - reads it from stdin");
}

function optionsOf(command: string[], { detach = false, json = false, ...parsed }: Parsed): RunOptions {
  const options = specOptionsOf(command, parsed);
  if (command.length === 0 && parsed.script === undefined && parsed.capture === "output")
    throw new UsageError(
      "nothing to run",
      "give a command after --, or --script; an image's own command needs --capture none",
    );
  return { ...options, detach, json };
}

/** The options as they are meant. @throws UsageError where two of them contradict each other */
export function specOptionsOf<Parsed extends ParsedSpec>(command: string[], parsed: Parsed) {
  if (command.length > 0 && parsed.script !== undefined)
    throw new UsageError("give either a command or --script, not both");
  const { env = [], secret = [], file = [], region = [], tag = [], memory, ...rest } = parsed;
  return {
    ...rest,
    command,
    env,
    secrets: secret,
    files: file,
    regions: region,
    tags: Object.fromEntries(tag),
    memoryMb: memory,
  };
}

function envPair(text: string): [string, string | null] {
  const equals = text.indexOf("=");
  if (equals === 0)
    throw new InvalidArgumentError("It must be NAME=value, or NAME to take the value from here.");
  return equals < 0 ? [text, null] : [text.slice(0, equals), text.slice(equals + 1)];
}

function secretPair(text: string): [string, string] {
  const equals = text.indexOf("=");
  const pair: [string, string] = equals < 0 ? [text, text] : [text.slice(0, equals), text.slice(equals + 1)];
  if (pair.includes("")) throw new InvalidArgumentError("It must be a secret's name, or VARIABLE=NAME.");
  return pair;
}

function filePair(text: string): FileOption {
  const colon = text.indexOf(":");
  if (!text.startsWith("/") || colon < 0 || colon === text.length - 1)
    throw new InvalidArgumentError(
      "It must be an absolute path in the machine and a local one: /data/in.csv:./in.csv",
    );
  return { guest: text.slice(0, colon), local: text.slice(colon + 1) };
}

function tagPair(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals <= 0) throw new InvalidArgumentError("It must be key=value.");
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** One that can travel in a header. */
export function idempotencyKey(text: string): string {
  if (text === "" || text.length > IDEMPOTENCY_KEY_MAX_CHARS)
    throw new InvalidArgumentError(`It must have 1 to ${IDEMPOTENCY_KEY_MAX_CHARS} characters.`);
  // Spaces inside are fine: only those at an end would be lost on the way.
  const complaint = text === text.trim() ? headerComplaint(text.replaceAll(" ", "")) : headerComplaint(text);
  if (complaint !== null)
    throw new InvalidArgumentError(`It ${complaint}; it must be printable ASCII, as it travels in a header.`);
  return text;
}

function duration(text: string): string {
  if (parseDuration(text) === null)
    throw new InvalidArgumentError('It must be a duration, such as "90s", "15m" or "1h30m".');
  return text;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function megabytes(text: string): number {
  const match = /^(\d{1,6})(mb|m|gb|g)?$/i.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a number of MB, or such as "512mb" or "2gb".');
  return Number(match[1]) * (match[2]?.toLowerCase().startsWith("g") ? 1024 : 1);
}
