/** Runs, events and output in the API's words. */

import type { Attempt, NextAttempt } from "../core/attempt.ts";
import { formatDuration } from "../core/duration.ts";
import { formatPosition, type Stream } from "../core/output.ts";
import { rfc3339 } from "../core/rfc3339.ts";
import {
  currentAttempt,
  type Exit,
  type LimitName,
  type OutputSummary,
  type Reason,
  type Run,
  type RunState,
  startsAt,
} from "../core/run.ts";
import type { Guest } from "../core/run-spec.ts";
import { type StepState, stepStates } from "../core/step/state.ts";
import { dueAt } from "../core/turn.ts";
import type { FilledChunk } from "../flow/output.ts";
import type { Handover } from "../flow/ports/handovers.ts";
import type { ShownPlace } from "../flow/ports.ts";
import { runDeliveryOf } from "./delivery-body.ts";
import { handoverBody, upstreamBody } from "./handover-body.ts";
import { retryBody } from "./retry-schema.ts";
import type {
  AttemptBody,
  NumberedOutputLine,
  OutputEnd,
  OutputLine,
  OutputStep,
  RunBody,
  RunSummaryBody,
  StepStateBody,
} from "./run-schema.ts";
import { checkoutBody, stepBody } from "./step-input.ts";
import { waitingBody } from "./waiting-body.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export { rfc3339 };

/** RFC 3339 of a time that may not be known. */
export function timeOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : rfc3339(epochMs);
}

/** How a command ended; null where that is not known. */
export function exitBody(exit: Exit | null) {
  return {
    exit_code: exit?.code ?? null,
    signal: exit?.signal ?? null,
    oom_killed: exit?.oomKilled ?? false,
  };
}

/** How a run or an attempt ended. */
export function endingBody({
  reason,
  limit,
  exit,
}: {
  reason: Reason | null;
  limit: LimitName | null;
  exit: Exit | null;
}) {
  return { reason, limit, ...exitBody(exit) };
}

/** What follows the attempt of a number. */
export function nextAttemptBody(after: number, { at, guest, region }: NextAttempt) {
  return { number: after + 1, at: rfc3339(at), machine: guestBody(guest), asked_region: region };
}

function guestBody({ cpuKind, cpus, memoryMb }: Guest) {
  return { cpu_kind: cpuKind, cpus, memory_mb: memoryMb };
}

export function outputBody(output: OutputSummary) {
  return {
    stdout_bytes: output.stdoutBytes,
    stderr_bytes: output.stderrBytes,
    dropped_bytes: output.droppedBytes,
    complete: output.complete,
  };
}

/** The time that was ordered, past or not, or that a delay comes to; null where neither was asked for. */
function runAt(run: Run): string | null {
  const { runAt: ordered, delayMs } = run.spec;
  return ordered !== null ? rfc3339(ordered) : delayMs > 0 ? rfc3339(dueAt(run)) : null;
}

/** @param place of a run that waits in a queue; null where nobody has counted it */
export function runSummary(run: Run, place: ShownPlace | null = null): RunSummaryBody {
  const { spec } = run;
  return {
    id: run.id,
    name: spec.name,
    tags: spec.tags,
    status: run.status,
    detail: run.detail,
    ...endingBody(run),
    image: spec.image,
    command: spec.command,
    machine: guestBody(spec.machine),
    regions: spec.regions,
    timeouts: {
      queue: formatDuration(spec.timeouts.queueMs),
      boot: formatDuration(spec.timeouts.bootMs),
      run: formatDuration(spec.timeouts.runMs),
      stop: formatDuration(spec.timeouts.stopMs),
    },
    retry: retryBody(spec.retry),
    rerun_of: run.originId,
    job: run.job && { name: run.job.name, version: run.job.version },
    firing: run.firing && { schedule: run.firing.schedule, due_at: rfc3339(run.firing.dueAt) },
    delivery: run.delivery && runDeliveryOf(run.delivery, spec.checkout),
    upstream: run.upstream && upstreamBody(run.upstream),
    starts_at: timeOrNull(startsAt(run)),
    capture: spec.capture,
    concurrency: spec.concurrency,
    priority: spec.priority,
    expires: formatDuration(spec.expiresMs),
    run_at: runAt(run),
    waiting: waitingBody(run, place),
    output: outputBody(run.output),
    accepted_at: rfc3339(run.acceptedAt),
    cancel_requested_at: timeOrNull(run.cancelRequestedAt),
    superseded_by: run.supersededBy,
    settled_at: timeOrNull(run.settledAt),
  };
}

/** What is told of a run that stands in other places than its own row; none of it of a fresh run. */
export interface RunSurroundings {
  /** The newest runs that repeat it. */
  reruns: string[];
  /** What starts after it. */
  downstream: Handover[];
}

export function runBody(
  state: RunState,
  { reruns, downstream }: RunSurroundings = { reruns: [], downstream: [] },
  place: ShownPlace | null = null,
): RunBody {
  const { run, attempts } = state;
  const last = run.status === "retrying" ? currentAttempt(state) : null;
  return {
    ...runSummary(run, place),
    script: run.spec.script,
    checkout: run.spec.checkout && checkoutBody(run.spec.checkout),
    steps: run.spec.steps.map(stepBody),
    env: run.spec.env,
    secrets: run.spec.secrets,
    files: run.spec.files.map((file) => ({
      path: file.path,
      bytes: base64Bytes(file.base64),
      mode: `0${file.mode.toString(8)}`,
    })),
    input: run.job === null ? null : JSON.parse(run.job.input),
    reruns,
    downstream: downstream.map(handoverBody),
    next_attempt: last?.next ? nextAttemptBody(last.number, last.next) : null,
    attempts: attempts.map((attempt) => attemptBody(run, attempt)),
  };
}

function attemptBody(run: Run, attempt: Attempt): AttemptBody {
  // A run's last event, if nothing is left to do, is that its last machine is gone.
  const releasedAt = attempt.releasedAt ?? (run.open ? null : run.updatedAt);
  return {
    number: attempt.number,
    machine_name: attempt.machineName,
    app: attempt.app,
    machine_id: attempt.machineId,
    machine: guestBody(attempt.machineConfig.guest),
    asked_region: attempt.machineConfig.region,
    region: attempt.region,
    ...endingBody(attempt),
    detail: attempt.detail,
    output: attempt.output && outputBody(attempt.output),
    next: attempt.next && nextAttemptBody(attempt.number, attempt.next),
    create_asked_at: rfc3339(attempt.createAskedAt),
    created_at: timeOrNull(attempt.createdAt),
    ready_at: timeOrNull(attempt.readyAt),
    image_ready_at: timeOrNull(attempt.imageReadyAt),
    started_at: timeOrNull(attempt.startedAt),
    first_output_at: timeOrNull(attempt.firstOutputAt),
    exited_at: timeOrNull(attempt.exitedAt),
    settled_at: timeOrNull(attempt.settledAt),
    released_at: timeOrNull(releasedAt),
    steps: stepStates(run.spec, attempt).map(stepStateBody),
  };
}

function stepStateBody({ step, state, record }: StepState): StepStateBody {
  const { exitCode = null, timedOut = false, startedAt = null, endedAt = null } = record ?? {};
  const section = (stream: Stream) =>
    record?.from ? { from: record.from[stream], to: record.to?.[stream] ?? null } : null;
  return {
    number: step.number,
    name: step.name,
    state,
    if: step.if,
    exit_code: exitCode,
    timed_out: timedOut,
    started_at: timeOrNull(startedAt),
    ended_at: timeOrNull(endedAt),
    stdout: section("stdout"),
    stderr: section("stderr"),
  };
}

/** A chunk as a line: text where its bytes are valid UTF-8, base64 where not. */
export function outputLine(chunk: FilledChunk): OutputLine {
  const line = {
    attempt: chunk.attempt,
    stream: chunk.stream,
    offset: chunk.offset,
    time: rfc3339(chunk.at),
  };
  try {
    return { ...line, text: strictUtf8.decode(chunk.bytes) };
  } catch {
    return { ...line, base64: base64(chunk.bytes) };
  }
}

/** The line with the position to resume at after it, for where the protocol has no place of its own for that. */
export function numberedLine(chunk: FilledChunk): NumberedOutputLine {
  return { id: formatPosition(chunk), ...outputLine(chunk) };
}

export function outputStep(attempt: number, step: StepState): OutputStep {
  return { attempt, ...stepStateBody(step) };
}

export function outputEnd({ run }: RunState): OutputEnd {
  return {
    run_id: run.id,
    status: run.status,
    ...endingBody(run),
    detail: run.detail,
    output: outputBody(run.output),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function base64Bytes(text: string): number {
  return (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
}
