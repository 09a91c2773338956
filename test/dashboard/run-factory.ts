/** Runs as the API answers them, always possible ones: what depends on the status is filled in from it. */

import type {
  AttemptBody,
  EventListBody,
  OutputLine,
  RunBody,
  RunListBody,
} from "../../src/api/run-schema.ts";
import { isFinal } from "../../src/core/run.ts";

/** The present of every test that does not say otherwise. */
export const NOW = Date.parse("2026-11-21T12:00:00.000Z");

export const at = (msBeforeNow: number): string => new Date(NOW - msBeforeNow).toISOString();

export function runId(n: number): string {
  return `run_01jd0k3v7c9q2m8w5x4y6z7${String(n).padStart(3, "0")}`;
}

/** A run accepted a minute ago, in any status; a failed one exited with 7 unless told otherwise. */
export function aRun(changes: Partial<RunBody> = {}): RunBody {
  const status = changes.status ?? "succeeded";
  const final = isFinal(status);
  const ending = {
    reason:
      status === "failed"
        ? ("exit_code" as const)
        : status === "cancelled"
          ? ("cancelled_by_user" as const)
          : null,
    exit_code: status === "failed" ? 7 : status === "succeeded" ? 0 : null,
    limit: null,
    signal: null,
    oom_killed: false,
  };
  return {
    id: runId(1),
    name: null,
    tags: {},
    status,
    detail: status === "failed" ? "the command exited with 7" : null,
    ...ending,
    image: "debian:12",
    command: ["sh", "-c", "make test"],
    script: null,
    checkout: null,
    steps: [],
    env: {},
    secrets: {},
    files: [],
    machine: { cpu_kind: "shared", cpus: 1, memory_mb: 256 },
    regions: [],
    timeouts: { queue: "1h", boot: "2m", run: "15m", stop: "10s" },
    retry: {
      attempts: 1,
      backoff: { initial: "2s", factor: 2, max: "5m", jitter: 0.2 },
      rules: [],
    },
    rerun_of: null,
    job: null,
    firing: null,
    delivery: null,
    upstream: null,
    downstream: [],
    starts_at: null,
    input: null,
    capture: "output",
    concurrency: null,
    priority: 0,
    expires: "1d",
    run_at: null,
    output: { stdout_bytes: 0, stderr_bytes: 0, dropped_bytes: 0, complete: final },
    accepted_at: at(60_000),
    cancel_requested_at: null,
    superseded_by: null,
    settled_at: final ? at(10_000) : null,
    reruns: [],
    next_attempt: null,
    waiting: null,
    attempts: status === "queued" ? [] : [anAttempt(status, ending, changes.accepted_at, changes.settled_at)],
    ...changes,
  };
}

export function anAttempt(
  status: RunBody["status"],
  changes: Partial<AttemptBody> = {},
  acceptedAt = at(60_000),
  settledAt: string | null = at(10_000),
): AttemptBody {
  const started = status !== "starting" && status !== "queued";
  const after = (ms: number): string => new Date(Date.parse(acceptedAt) + ms).toISOString();
  return {
    number: 1,
    machine_name: "mayfly-01jd0k3v7c9q2m8w5x4y6z7001-1",
    app: "mayfly-runs",
    machine_id: "e784079b449483",
    machine: { cpu_kind: "shared", cpus: 1, memory_mb: 256 },
    asked_region: null,
    region: "ams",
    reason: null,
    limit: null,
    detail: null,
    output: null,
    steps: [],
    next: null,
    released_at: null,
    exit_code: null,
    signal: null,
    oom_killed: false,
    create_asked_at: after(100),
    created_at: after(1000),
    ready_at: null,
    image_ready_at: null,
    started_at: started ? after(4000) : null,
    first_output_at: started ? after(5500) : null,
    exited_at: isFinal(status) ? new Date(Date.parse(settledAt ?? "") - 400).toISOString() : null,
    settled_at: isFinal(status) ? settledAt : null,
    ...changes,
  };
}

/** A step that succeeded, wrote nothing and took two seconds, but for what is otherwise. */
export function aStep(changes: Partial<AttemptBody["steps"][number]> = {}): AttemptBody["steps"][number] {
  return {
    number: 1,
    name: "test",
    state: "succeeded",
    if: "success",
    exit_code: 0,
    timed_out: false,
    started_at: at(30_000),
    ended_at: at(28_000),
    stdout: { from: 0, to: 0 },
    stderr: { from: 0, to: 0 },
    ...changes,
  };
}

/** The run as it stands in a list. */
export function summaryOf(run: RunBody): RunListBody["runs"][number] {
  const {
    attempts: _attempts,
    next_attempt: _next,
    script: _script,
    checkout: _checkout,
    steps: _steps,
    env: _env,
    secrets: _secrets,
    files: _files,
    ...summary
  } = run;
  return summary;
}

/** Pieces of output one after the other, with the offsets that they have. */
export function outputOf(
  ...pieces: [stream: OutputLine["stream"], content: string | Uint8Array][]
): OutputLine[] {
  const offsets = { stdout: 0, stderr: 0 };
  return pieces.map(([stream, content]) => {
    const offset = offsets[stream];
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    offsets[stream] += bytes.length;
    const body =
      typeof content === "string" ? { text: content } : { base64: Buffer.from(content).toString("base64") };
    return { attempt: 1, stream, offset, time: at(50_000), ...body };
  });
}

export function eventsOf(run: RunBody): EventListBody["events"] {
  const events: EventListBody["events"] = [
    { seq: 1, at: run.accepted_at, type: "accepted", attempt: null, data: {} },
  ];
  const attempt = run.attempts[0];
  if (attempt)
    events.push({
      seq: 2,
      at: attempt.create_asked_at,
      type: "attempt_planned",
      attempt: 1,
      data: { machine_name: attempt.machine_name, app: attempt.app, launch_at: attempt.create_asked_at },
    });
  return events;
}
