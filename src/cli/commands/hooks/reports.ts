/** `mayfly hooks reports`, `report` and `resend-report`: what a hook's runs have told of their commits. */

import type { Command } from "commander";
import { Option } from "commander";
import type { ReportBody, ReportSummaryBody } from "../../../api/report-ledger-schema.ts";
import { NOTIFICATION_STATES } from "../../../core/notification/attempt.ts";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { facts, table } from "../../table.ts";
import {
  type HookOptions,
  hookCommand,
  orNoHook,
  type ReportOptions,
  reportOfHookCommand,
} from "./hook-call.ts";

interface ReportsOptions {
  state?: string;
  run?: string;
  json?: boolean;
}

/** What is in the way of it and when it is tried next, or what it says. */
function noteOf(report: ReportSummaryBody): string {
  const waiting = waitingText(report);
  const error = report.last_attempt?.error ?? report.commit_status.description;
  // What is missing is what the attempt says, too, and may be there by now.
  return waiting === null ? error : report.waiting?.for === "time" ? `${error}; ${waiting}` : waiting;
}

/** What a pending one waits for; null of every other. */
function waitingText({
  waiting,
  next_at: next,
}: Pick<ReportSummaryBody, "waiting" | "next_at">): string | null {
  switch (waiting?.for) {
    case "report":
      return "waits for the one before it in its run";
    case "secret":
      return `waits for the secret ${waiting.secret}, which is not set; looked for again at ${next}`;
    case "time":
      return `next at ${next}`;
    default:
      return null;
  }
}

/** As many as a screen shows. */
const SHOWN = 50;
const SHA_CHARS = 10;

export function reportsCommand(act: (options: HookOptions & ReportsOptions) => Promise<void>): Command {
  return hookCommand<ReportsOptions>(
    "reports",
    "show what its runs have reported on their commits",
    `Shows the statuses of commits that a hook's runs have set last, or could not; ${SHOWN} at most, newest first.`,
    "build/github --state given_up",
    act,
    (command) =>
      command
        .addOption(new Option("--state <state>", "only those in this state").choices(NOTIFICATION_STATES))
        .option("--run <id>", "only those of this run")
        .option("--json", "print JSON"),
  );
}

export async function reports(
  { job, name, state, run, json }: HookOptions & ReportsOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const found: ReportSummaryBody[] = [];
  for (let cursor: string | undefined; found.length < SHOWN; ) {
    const query = { state, run, limit: SHOWN - found.length, cursor };
    const page = await retried(io, () => client.reports(job, name, query)).catch(orNoHook(client));
    found.push(...page.reports);
    if (page.next_cursor === null) break;
    cursor = page.next_cursor;
  }
  if (json) return write(io.stdout, `${JSON.stringify(found, null, 2)}\n`);
  if (found.length === 0) return write(io.stderr, "no reports\n");
  const rows = found.map((each) => [
    each.id,
    each.at,
    `${each.commit_status.repository.full_name}@${each.commit_status.sha.slice(0, SHA_CHARS)}`,
    each.commit_status.state,
    each.state.replaceAll("_", " "),
    noteOf(each),
  ]);
  const width = io.stdoutIsTty ? io.columns : null;
  return write(io.stdout, table(["ID", "AT", "COMMIT", "STATUS", "STATE", "NOTE"], rows, width));
}

export function reportCommand(act: (options: ReportOptions) => Promise<void>): Command {
  return reportOfHookCommand(
    "report",
    "show one report with its attempts",
    "Shows what was told of a commit, and each attempt to tell it with its answer.",
    act,
  );
}

export async function report({ job, name, id, json }: ReportOptions, io: Io, client: Client): Promise<void> {
  const shown: ReportBody = await retried(io, () => client.report(job, name, id)).catch(orNoHook(client));
  if (json) return write(io.stdout, `${JSON.stringify(shown, null, 2)}\n`);
  const { commit_status: status, attempts, state, run_id, waits_for } = shown;
  const told = facts([
    ["commit", `${status.repository.full_name}@${status.sha}`],
    ["context", status.context],
    ["status", `${status.state}: ${status.description}`],
    ["link", status.target_url],
    ["run", run_id],
    ["state", state.replaceAll("_", " ")],
    ["waiting", waits_for === null ? waitingText(shown) : `${waitingText(shown)}, ${waits_for}`],
  ]);
  await write(io.stdout, told);
  const rows = attempts.map(({ at, status: code, duration_ms, error, answer }) => [
    at,
    code === null ? "" : String(code),
    `${duration_ms} ms`,
    error === null ? "" : error,
    answer ?? "",
  ]);
  if (rows.length > 0)
    await write(io.stdout, `\n${table(["AT", "STATUS", "TOOK", "ERROR", "ANSWER"], rows, io.columns)}`);
}

export function resendReportCommand(act: (options: ReportOptions) => Promise<void>): Command {
  return reportOfHookCommand(
    "resend-report",
    "send a report again",
    "Sends a report again, where it still holds: what a newer run reports, or its own has since, is not undone.",
    act,
  );
}

export async function resendReport(
  { job, name, id, json }: ReportOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const sent = await retried(io, () => client.resendReport(job, name, id)).catch(orNoHook(client));
  if (json) return write(io.stdout, `${JSON.stringify(sent, null, 2)}\n`);
  const isBehind = sent.state === "pending" && sent.next_at === null;
  const where = isBehind ? "waits for the one before it, which is on its way" : "is on its way";
  return write(io.stdout, `${plain(sent.id)} ${where}\n`);
}
