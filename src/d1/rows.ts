/** Rows ↔ core, both directions: the one place that knows how a run is spelt in the tables. */

import type { InferInsertModel, InferSelectModel } from "drizzle-orm";
import type { Attempt, NextAttempt } from "../core/attempt.ts";
import type { RunUpstream } from "../core/chain/upstream.ts";
import type { AttemptPlanned, RunEvent } from "../core/event.ts";
import type { RunDelivery } from "../core/hook/run-delivery.ts";
import type { RunJob } from "../core/job.ts";
import { EXPIRES_DEFAULT_MS } from "../core/limits.ts";
import type { MachineConfig } from "../core/machine.ts";
import type { OutputChunk, Stream } from "../core/output.ts";
import { DEFAULT_RETRY } from "../core/retry.ts";
import type { Exit, LimitName, OutputSummary, Reason, Run, RunState, RunStatus } from "../core/run.ts";
import type { RunSpec } from "../core/run-spec.ts";
import type { RunFiring } from "../core/schedule/firing.ts";
import type { StepRecord } from "../core/step/record.ts";
import type { Ticket } from "../core/ticket.ts";
import type { attempts, outputChunks, runEvents, runs } from "./schema.ts";

/** What a run has that was stored before there were such fields. */
const USUAL: Partial<RunSpec> = {
  retry: DEFAULT_RETRY,
  secrets: {},
  checkout: null,
  steps: [],
  concurrency: null,
  priority: 0,
  expiresMs: EXPIRES_DEFAULT_MS,
  delayMs: 0,
  runAt: null,
};

export function runFromRow(row: InferSelectModel<typeof runs>): Run {
  const { stdoutBytes, stderrBytes, droppedBytes, outputComplete, status, reason, exit, spec, ...others } =
    row;
  const { jobName, jobVersion, input, ...same } = others;
  return {
    ...same,
    status: status as RunStatus,
    reason: reason as Reason | null,
    limit: row.limit as LimitName | null,
    exit: exit as Exit | null,
    spec: { ...USUAL, ...(spec as Partial<RunSpec>) } as RunSpec,
    firing: row.firing as RunFiring | null,
    delivery: row.delivery as RunDelivery | null,
    upstream: row.upstream as RunUpstream | null,
    job:
      jobName === null || jobVersion === null
        ? null
        : { name: jobName, version: jobVersion, input: input ?? "null" },
    tickets: (row.tickets as Ticket[] | null) ?? [],
    output: { stdoutBytes, stderrBytes, droppedBytes, complete: outputComplete },
  };
}

export function runToRow(run: Run): InferInsertModel<typeof runs> {
  const { id, orgId, spec, acceptedAt, originId, job, firing, delivery, upstream } = run;
  const { name: jobName, version: jobVersion, input } = job ?? {};
  const of = { originId, jobName, jobVersion, input, firing, delivery, upstream };
  return { id, orgId, spec, acceptedAt, ...of, ...runChanges(run) };
}

/** The columns of a run that events change. */
export function runChanges(run: Run) {
  return {
    version: run.version,
    status: run.status,
    reason: run.reason,
    limit: run.limit,
    detail: run.detail,
    exit: run.exit,
    turnAt: run.turnAt,
    cancelRequestedAt: run.cancelRequestedAt,
    supersededBy: run.supersededBy,
    settledAt: run.settledAt,
    updatedAt: run.updatedAt,
    stdoutBytes: run.output.stdoutBytes,
    stderrBytes: run.output.stderrBytes,
    droppedBytes: run.output.droppedBytes,
    outputComplete: run.output.complete,
    restsUntil: run.restsUntil,
    tickets: run.tickets.length > 0 ? run.tickets : null,
    open: run.open,
  };
}

export function attemptFromRow(row: InferSelectModel<typeof attempts>): Attempt {
  const { runId: _runId, orgId: _orgId, machineConfig, reason, exit, output, next, ...same } = row;
  return {
    ...same,
    machineConfig: machineConfig as MachineConfig,
    plannedAt: row.plannedAt ?? row.createAskedAt,
    reason: reason as Reason | null,
    limit: row.limit as LimitName | null,
    exit: exit as Exit | null,
    output: output as OutputSummary | null,
    next: next as NextAttempt | null,
    steps: (row.steps as StepRecord[] | null) ?? [],
  };
}

export function attemptToRow(run: Run, attempt: Attempt): InferInsertModel<typeof attempts> {
  return { runId: run.id, orgId: run.orgId, ...attempt, steps: stepsColumn(attempt) };
}

function stepsColumn({ steps }: Attempt): StepRecord[] | null {
  return steps.length > 0 ? steps : null;
}

/** The columns of an attempt that events change, and the time of its plan, which older rows lack: the time that stands for it there can move. */
export function attemptChanges(attempt: Attempt) {
  const { number: _number, machineName: _name, machineConfig: _config, ...changes } = attempt;
  return { ...changes, steps: stepsColumn(attempt) };
}

/** What is stored of an event: the spec, the job, the firing, the delivery, the run before and the machine's config stand in the run's and the attempt's row, once. */
export function eventToRow(run: Run, seq: number, event: RunEvent): InferInsertModel<typeof runEvents> {
  const { type, at, ...data } = event;
  if ("spec" in data) delete (data as { spec?: RunSpec }).spec;
  if ("job" in data) delete (data as { job?: RunJob }).job;
  if ("firing" in data) delete (data as { firing?: RunFiring }).firing;
  if ("delivery" in data) delete (data as { delivery?: RunDelivery }).delivery;
  if ("upstream" in data) delete (data as { upstream?: RunUpstream }).upstream;
  if ("machineConfig" in data) delete (data as { machineConfig?: MachineConfig }).machineConfig;
  return { runId: run.id, orgId: run.orgId, seq, type, at, data };
}

/** The event as it happened, with what {@link eventToRow} left to other rows. */
export function eventFromRow(state: RunState, row: InferSelectModel<typeof runEvents>): RunEvent {
  const event = { type: row.type, at: row.at, ...(row.data as object) } as RunEvent;
  if (event.type === "accepted") {
    const { originId, spec, job, firing, delivery, upstream } = state.run;
    return {
      ...event,
      originId,
      spec,
      ...(job !== null && { job }),
      ...(firing !== null && { firing }),
      ...(delivery !== null && { delivery }),
      ...(upstream !== null && { upstream }),
    };
  }
  // Runs of before there were names of limits have none.
  if (event.type === "settled") return { ...event, limit: event.limit ?? null };
  if (event.type !== "attempt_planned") return event;
  // Attempts of before launches were paced were asked for at once, in the only app.
  const { app = null, launchAt = event.at } = event as Partial<AttemptPlanned>;
  const attempt = state.attempts.find(({ number }) => number === event.attempt);
  if (!attempt)
    throw new Error(`run ${row.runId} has an event of an attempt ${event.attempt} that is not stored`);
  return { ...event, app, launchAt, machineConfig: attempt.machineConfig };
}

export function chunkFromRow(row: InferSelectModel<typeof outputChunks>): OutputChunk {
  const { attempt, seq, offset, length, at, blobKey, stream, bytes } = row;
  return {
    attempt,
    seq,
    offset,
    length,
    at,
    blobKey,
    stream: stream as Stream,
    bytes: bytes === null ? null : new Uint8Array(bytes),
  };
}

export function chunkToRow(run: Run, chunk: OutputChunk): InferInsertModel<typeof outputChunks> {
  const { bytes, ...same } = chunk;
  return {
    runId: run.id,
    orgId: run.orgId,
    ...same,
    bytes: bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  };
}
