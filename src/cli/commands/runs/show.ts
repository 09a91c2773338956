/** `mayfly runs show`: one run in plain words. */

import { Command } from "commander";
import type { AttemptBody, EventListBody, RunBody } from "../../../api/run-schema.ts";
import { builtChange } from "../../../core/chain/upstream.ts";
import type { Client } from "../../api-client.ts";
import { orNoRun } from "../../api-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { attemptEnd, machineOf, machineSize, outputNote, standing, whatRuns } from "../../run-words.ts";
import { span } from "../../spans.ts";
import { facts, table } from "../../table.ts";

export interface ShowOptions extends ConnectionOptions {
  runId: string;
  events?: boolean;
  json?: boolean;
}

export function showCommand(act: (options: ShowOptions) => Promise<void>): Command {
  const command = new Command("show")
    .summary("show one run")
    .description(
      "Shows what a run was asked to do, how it stands or ended, and when each of its phases began, counted from its acceptance.",
    )
    .argument("<id>", "the run")
    .option("--events", "also its events, ours and its machine's")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly runs show run_01jd0k3v7c9q2m8w5x4y6z7a8b --events\n")
    .action((runId: string, options: Omit<ShowOptions, "runId">) => act({ ...options, runId }));
  return withConnection(command);
}

export async function showRun(options: ShowOptions, io: Io, client: Client): Promise<void> {
  const run = await client.show(options.runId).catch(orNoRun(options.runId, client.command));
  const events = options.events ? await allEvents(client, run.id) : null;
  if (options.json)
    return write(io.stdout, `${JSON.stringify(events === null ? run : { ...run, events }, null, 2)}\n`);
  const isOnly = run.attempts.length === 1 && run.next_attempt === null;
  await write(
    io.stdout,
    `${plain(run.id)} ${plain(standing(run, io.now()))}\n\n${factsOf(run)}${run.attempts.map((attempt) => attemptText(attempt, Date.parse(run.accepted_at), isOnly)).join("")}`,
  );
  if (events !== null) await write(io.stdout, `\n${eventTable(events)}`);
}

function factsOf(run: RunBody): string {
  const tags = Object.entries(run.tags).map(([key, value]) => `${key}=${value}`);
  return facts([
    ["Name", run.name],
    ["Job", run.job && `${run.job.name}, version ${run.job.version}`],
    ["Schedule", run.firing && `${run.firing.schedule}, due at ${run.firing.due_at}`],
    ["Hook", hookText(run)],
    ["Delivery", run.delivery?.id ?? null],
    ["Change", changeText(run)],
    ["Started after", upstreamText(run)],
    ["Input", run.job && JSON.stringify(run.input)],
    ["Image", run.image],
    ["Checkout", checkoutText(run)],
    [run.script === null ? "Command" : "Script", run.steps.length > 0 ? null : (run.script ?? whatRuns(run))],
    ["Machine", machineSize(run.machine)],
    ["Regions", run.regions.join(", ") || null],
    ["Env", Object.keys(run.env).join(", ") || null],
    ["Secrets", secretsText(run)],
    ["Files", run.files.map((file) => `${file.path} (${file.bytes} bytes, ${file.mode})`).join(", ") || null],
    ["Tags", tags.join(", ") || null],
    [
      "Limits",
      `queue ${run.timeouts.queue}, boot ${run.timeouts.boot}, run ${run.timeouts.run}, stop ${run.timeouts.stop}`,
    ],
    ["Retry", retryText(run)],
    ["Concurrency", concurrencyText(run)],
    ["Priority", run.priority === 0 ? null : String(run.priority)],
    ["Due", run.run_at],
    ["Starts", run.starts_at],
    ["Waiting", waitingText(run)],
    ["Superseded by", run.superseded_by],
    ["Re-run of", run.rerun_of],
    ["Re-runs", run.reruns.join(", ") || null],
    ["Starts", run.downstream.map(downstreamText).join(", ") || null],
    ["Detail", run.detail],
    ["Output", outputText(run)],
    ["Accepted", run.accepted_at],
  ]);
}

function hookText({ delivery }: RunBody): string | null {
  if (delivery === null) return null;
  const secrets = delivery.without_secrets
    ? ", without secrets: what it is about is, or may be, from a fork"
    : "";
  return `${delivery.hook}, ${delivery.event}${secrets}`;
}

/** What it was to build: a commit, and what that is of. */
function changeText(run: RunBody): string | null {
  const change = builtChange(run);
  if (change === null) return null;
  const { repository, branch, tag, ref, sha, pull_request: pull } = change;
  const of =
    pull !== null
      ? `pull request ${pull.number} into ${pull.base_ref}`
      : branch !== null
        ? `branch ${branch}`
        : tag !== null
          ? `tag ${tag}`
          : ref;
  return `${repository.full_name}, ${of}${sha === null ? "" : `, commit ${sha}`}`;
}

function upstreamText({ upstream }: RunBody): string | null {
  if (upstream === null) return null;
  const { run_id: id, job, outcome, without_secrets: isWithout } = upstream;
  return `${id} of ${job}, ${outcome}${isWithout ? "; without secrets, as a fork's change was built" : ""}`;
}

/** A job that starts after the run: with its run, or why it has none. */
function downstreamText({ job, verdict, detail, run_id: id, run }: RunBody["downstream"][number]): string {
  if (id !== null) return `${job} ${id}${run === null ? "" : ` (${run.status})`}`;
  return `${job} ${verdict}${detail === null ? "" : ` (${detail})`}`;
}

/** Their names, and the variables that hold them where those are called otherwise. */
function secretsText({ secrets }: RunBody): string | null {
  const each = Object.entries(secrets).map(([variable, name]) =>
    variable === name ? name : `${variable}=${name}`,
  );
  return each.join(", ") || null;
}

function checkoutText({ checkout }: RunBody): string | null {
  if (checkout === null) return null;
  const at = checkout.ref === undefined ? "" : ` at ${checkout.ref}`;
  return `${checkout.repository ?? "what the hook says"}${at}, into ${checkout.path}`;
}

function outputText(run: RunBody): string {
  if (run.capture === "none") return "not captured";
  const note = outputNote(run);
  return `${run.output.stdout_bytes} bytes on stdout, ${run.output.stderr_bytes} on stderr${note === null ? "" : `; ${note}`}`;
}

/** The moments of an attempt as time passed since the run was accepted. */
function attemptText(attempt: AttemptBody, acceptedAtMs: number, isOnly: boolean): string {
  const where = [
    attempt.machine_id === null ? null : `machine ${attempt.machine_id}`,
    attempt.app === null ? null : `app ${attempt.app}`,
    attempt.region === null ? null : `region ${attempt.region}`,
    // Of the only one the run itself has told.
    isOnly ? null : attemptEnd(attempt),
  ];
  const title = `\nAttempt ${attempt.number}${where.map((part) => (part === null ? "" : `, ${plain(part)}`)).join("")} (times from acceptance)\n`;
  const moments: [string, string | null][] = [
    ["machine asked for", isAsked(attempt) ? attempt.create_asked_at : null],
    ["machine created", attempt.created_at],
    ["ready", attempt.ready_at],
    ["image ready", attempt.image_ready_at],
    ["started", attempt.started_at],
    ["first output", attempt.first_output_at],
    ["exited", attempt.exited_at],
    [attempt.next === null ? "settled" : "failed", attempt.settled_at],
    ["machine gone", attempt.next === null ? null : attempt.released_at],
  ];
  const known = moments.filter((moment): moment is [string, string] => moment[1] !== null);
  const rows = known.map(([what, at]): [string, string] => [
    `  ${what}`,
    `+${span(Date.parse(at) - acceptedAtMs)}`,
  ]);
  const about: [string, string | null][] =
    attempt.next === null
      ? []
      : [
          ["  machine", machineOf(attempt)],
          ["  why", attempt.detail],
        ];
  return `${title}${facts([...about, ...rows])}${stepsText(attempt)}`;
}

/** Its steps, each with how it went and how much it wrote; nothing of a run that has none. */
function stepsText({ steps }: AttemptBody): string {
  if (steps.length === 0) return "";
  const rows = steps.map((step) => [
    `  ${step.number}`,
    step.name,
    step.timed_out ? "timed out" : step.state,
    step.started_at === null || step.ended_at === null
      ? ""
      : span(Date.parse(step.ended_at) - Date.parse(step.started_at)),
    step.exit_code === null ? "" : String(step.exit_code),
    sizeOf(step.stdout),
    sizeOf(step.stderr),
  ]);
  return `\n${table(["  STEP", "NAME", "STATE", "TIME", "EXIT", "STDOUT", "STDERR"], rows)}`;
}

function sizeOf(section: AttemptBody["steps"][number]["stdout"]): string {
  return section === null || section.to === null ? "" : `${section.from}–${section.to}`;
}

/** One that was over before its app's turn never was. */
function isAsked({ create_asked_at, created_at, settled_at }: AttemptBody): boolean {
  return created_at !== null || settled_at === null || create_asked_at <= settled_at;
}

/** What was asked for; null where that is nothing. */
function retryText({ retry }: RunBody): string | null {
  const attempts = retry.attempts > 1 ? [`up to ${retry.attempts} attempts`] : [];
  const rules = retry.rules.map(
    (rule) =>
      `${[...rule.reasons, ...rule.exit_codes, ...rule.signals].join(",")}=${rule.do}${rule.wait === undefined ? "" : `:${rule.wait}`}`,
  );
  return [...attempts, ...rules].join("; ") || null;
}

function concurrencyText({ concurrency }: RunBody): string | null {
  if (concurrency === null) return null;
  return `${concurrency.key}, ${concurrency.limit} at a time, ${concurrency.strategy}`;
}

/** Its place, and how long it may wait; null where it waits in no line. */
function waitingText({ waiting }: RunBody): string | null {
  if (waiting === null || waiting.place === null) return null;
  if (waiting.for === "launch")
    return `number ${waiting.place} in line for a launch, expected at ${waiting.until}`;
  return `number ${waiting.place} in line, ${waiting.running} of ${waiting.limit} running, expires ${waiting.until}`;
}

async function allEvents(client: Client, runId: string): Promise<EventListBody["events"]> {
  const events: EventListBody["events"] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: EventListBody = await client.events(runId, after);
    events.push(...page.events);
    after = page.next_after;
  }
  return events;
}

function eventTable(events: EventListBody["events"]): string {
  const rows = events.map(({ seq, at, type, attempt, data }) => [
    String(seq),
    at,
    type,
    attempt === null ? "" : String(attempt),
    Object.keys(data).length === 0 ? "" : JSON.stringify(data),
  ]);
  return table(["SEQ", "AT", "EVENT", "ATTEMPT", "DATA"], rows);
}
