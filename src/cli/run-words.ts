/** A run in words, as `show`, `list` and `run` print it. */

import type { AttemptBody, RunBody, RunSummaryBody } from "../api/run-schema.ts";
import { GUEST_SIZES } from "../core/guest.ts";
import { builtWords } from "../core/hook/change-words.ts";
import { isFinal } from "../core/run.ts";
import { endSentence } from "./exit-code.ts";
import { shellWord } from "./shell-word.ts";
import { span } from "./spans.ts";

/** What a run carries out, as one would type it. */
export function whatRuns(run: RunSummaryBody | RunBody): string {
  if (run.command !== null) return run.command.map(shellWord).join(" ");
  if (run.capture === "none") return "(the image's own command)";
  return "steps" in run && run.steps.length > 0 ? `(${run.steps.length} steps)` : "(script or steps)";
}

/** What it builds, in a few words; "" where it builds nothing. */
export function shortChange({ delivery, upstream }: RunSummaryBody): string {
  const change = (delivery ?? upstream)?.change ?? null;
  return change === null ? "" : builtWords(change);
}

/** Why it ended, or its last attempt did, or why it waits, in two or three words; "" where the status says it all. */
export function shortReason(run: RunSummaryBody): string {
  if (run.waiting !== null && run.waiting.for !== "retry") return SHORT_WAITING[run.waiting.for];
  if (run.reason === "exit_code") return `exit ${run.exit_code ?? "unknown"}`;
  // The reason's name fits the other of its two codes.
  if (run.reason === "command_not_found" && run.exit_code === 126) return "could not be executed";
  if (run.reason === "signal") return run.signal ?? "signal";
  return run.reason === null || run.reason === "cancelled_by_user" ? "" : run.reason.replaceAll("_", " ");
}

const SHORT_WAITING: Record<Exclude<NonNullable<RunBody["waiting"]>["for"], "retry">, string> = {
  concurrency: "in line",
  organization: "in line",
  schedule: "in line",
  run_at: "not due yet",
  launch: "waiting for its launch",
};

/** From acceptance to its end, or until now. */
export function durationOf(run: RunSummaryBody, nowMs: number): string {
  return span((run.settled_at === null ? nowMs : Date.parse(run.settled_at)) - Date.parse(run.accepted_at));
}

/** How the run stands or ended, as one sentence. */
export function standing(run: RunBody, nowMs: number): string {
  const sentence =
    run.next_attempt !== null
      ? `${failureOf(run)}${run.waiting?.for === "launch" ? waitingSentence(run.waiting, nowMs) : nextSentence(run.next_attempt, nowMs)}`
      : run.waiting !== null
        ? waitingSentence(run.waiting, nowMs)
        : endSentence(run);
  const code =
    isFinal(run.status) && run.reason === "exit_code" ? ` with exit code ${run.exit_code ?? "unknown"}` : "";
  const so = isFinal(run.status) ? `after ${durationOf(run, nowMs)}` : `for ${durationOf(run, nowMs)}`;
  return `${run.status}${code} ${so}${sentence === null ? "" : `: ${sentence}`}`;
}

/** Why a run waits: "waiting for 2 others in deploy-prod". */
export function waitingSentence(waiting: NonNullable<RunBody["waiting"]>, nowMs: number): string {
  const { for: what, key, place, running, until } = waiting;
  if (until === null) return SHORT_WAITING.launch;
  const inMs = Date.parse(until) - nowMs;
  if (what === "launch" && place === null)
    return `its machine is asked for ${inMs > 0 ? `in ${span(inMs)}` : "now"}, at its app's turn`;
  if (what === "launch") return `number ${place} in line for a launch, in about ${span(Math.max(0, inMs))}`;
  if (what === "run_at" || what === "retry")
    return inMs > 0 ? `waiting for its time, in ${span(inMs)}` : "due";
  const where = key === null ? "" : ` in ${key}`;
  if (place === null || running === null) return `waiting for a slot${where}`;
  const others = running + place - 1;
  return `waiting for ${others === 1 ? "another run" : `${others} others`}${where}`;
}

/** How the attempt ended that another one follows. */
function failureOf({ attempts }: RunBody): string {
  const last = attempts.at(-1);
  const end = last ? attemptEnd(last) : null;
  return last && end !== null ? `attempt ${last.number} failed (${end}); ` : "";
}

function nextSentence(next: NonNullable<RunBody["next_attempt"]>, nowMs: number): string {
  const inMs = Date.parse(next.at) - nowMs;
  return `attempt ${next.number} ${inMs > 0 ? `follows in ${span(inMs)}` : "is due"}, ${machineOf(next)}`;
}

/** How an attempt ended, in a few words; null where it has not. */
export function attemptEnd(attempt: AttemptBody): string | null {
  if (attempt.settled_at === null) return null;
  if (attempt.reason === null) return "succeeded";
  const limit = attempt.limit === null ? "" : ` (${attempt.limit} limit)`;
  const code = attempt.reason === "exit_code" ? ` ${attempt.exit_code ?? "unknown"}` : "";
  const signal = attempt.reason === "signal" ? ` ${attempt.signal ?? ""}` : "";
  return `${attempt.reason.replaceAll("_", " ")}${limit}${code}${signal}`;
}

/** What an attempt runs on: "shared-cpu-1x, 512 MB, in fra". */
export function machineOf({ machine, asked_region }: Pick<AttemptBody, "machine" | "asked_region">): string {
  return `${machineSize(machine)}${asked_region === null ? "" : `, in ${asked_region}`}`;
}

/** "shared-cpu-1x, 256 MB". */
export function machineSize(machine: RunBody["machine"]): string {
  const named = Object.entries(GUEST_SIZES).find(
    ([, guest]) => guest.cpuKind === machine.cpu_kind && guest.cpus === machine.cpus,
  );
  return `${named?.[0] ?? `${machine.cpus} ${machine.cpu_kind} CPUs`}, ${machine.memory_mb} MB`;
}

/** What is missing of a run's output; null where nothing is, or the run is not final and nobody can tell. */
export function outputNote({ status, output }: Pick<RunBody, "status" | "output">): string | null {
  if (!isFinal(status)) return null;
  if (output.dropped_bytes > 0)
    return `${output.dropped_bytes} bytes of output are past the cap of one run and were dropped`;
  return output.complete ? null : "output may be missing: not all of it could be fetched";
}
