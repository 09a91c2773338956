/**
 * The life of a run: the one transition table, the fold of events into a run, and what to do next. Everything here is
 * pure; `flow/` carries the steps out.
 */

import type { Attempt } from "./attempt.ts";
import type { Accepted, AttemptFailed, EventType, RunEvent, Settled } from "./event.ts";
import { wantsMachineSince } from "./retry.ts";
import { isFinal, type OutputSummary, type Run, type RunState, type RunStatus } from "./run.ts";
import { recordsAfter, type StepEvent } from "./step/record.ts";
import { restsInQueue, ticketsAfter } from "./ticket.ts";
import { dueAt, LAUNCH_QUEUE } from "./turn.ts";

/** `settled` leads to the status that the event itself carries. */
type Target = RunStatus | "as_settled";

/** Status × event → status. A pair that is not here is refused. Final statuses absorb: only the Machine's release is still news. */
const TRANSITIONS: Record<RunStatus, Partial<Record<EventType, Target>>> = {
  queued: {
    attempt_planned: "starting",
    cancel_requested: "queued",
    settled: "as_settled",
    slot_awaited: "queued",
    slot_taken: "queued",
  },
  starting: {
    launch_taken: "starting",
    create_uncertain: "starting",
    machine_created: "starting",
    machine_ready: "starting",
    machine_started: "running",
    // A short command can be over before its start was seen.
    exited: "running",
    attempt_failed: "retrying",
    cancel_requested: "starting",
    settled: "as_settled",
  },
  running: {
    cancel_requested: "running",
    stop_requested: "running",
    exited: "running",
    step_started: "running",
    step_ended: "running",
    steps_skipped: "running",
    attempt_failed: "retrying",
    settled: "as_settled",
  },
  retrying: {
    machine_released: "retrying",
    attempt_planned: "starting",
    cancel_requested: "retrying",
    settled: "as_settled",
    // For a launch: it keeps its slots.
    slot_awaited: "retrying",
  },
  succeeded: { machine_released: "succeeded" },
  failed: { machine_released: "failed" },
  cancelled: { machine_released: "cancelled" },
};

/** The status after an event, or null where the event is not possible in this status. */
export function transition(status: RunStatus, event: RunEvent): RunStatus | null {
  const target = TRANSITIONS[status][event.type];
  if (target === undefined) return null;
  return target === "as_settled" && event.type === "settled" ? event.status : (target as RunStatus);
}

/** The run that an `accepted` event, number 1, brings about. */
export function acceptRun(id: string, orgId: string, event: Accepted): RunState {
  const due = dueAt({ acceptedAt: event.at, spec: event.spec });
  const run: Run = {
    id,
    orgId,
    version: 1,
    status: "queued",
    ...NOT_ENDED,
    spec: event.spec,
    acceptedAt: event.at,
    turnAt: null,
    cancelRequestedAt: null,
    supersededBy: null,
    settledAt: null,
    updatedAt: event.at,
    output: NOTHING_YET,
    restsUntil: due > event.at ? due : null,
    originId: event.originId,
    job: event.job ?? null,
    firing: event.firing ?? null,
    delivery: event.delivery ?? null,
    upstream: event.upstream ?? null,
    tickets: [],
    open: true,
  };
  return { run, attempts: [] };
}

/** The state after one more event, or null where the event is refused; the state given is never changed. */
export function applyEvent(state: RunState, event: RunEvent): RunState | null {
  const status = transition(state.run.status, event);
  if (status === null) return null;
  if (event.type === "machine_released" && !state.run.open) return null;
  const attempts = attemptsAfter(state.attempts, event, status);
  if (attempts === null) return null;
  const run: Run = {
    ...state.run,
    status,
    version: state.run.version + 1,
    updatedAt: event.at,
    restsUntil: null,
  };
  const last = attempts.at(-1);
  const awaitsLaunch = event.type === "slot_awaited" && event.queue === LAUNCH_QUEUE;
  if (event.type === "attempt_planned" || awaitsLaunch) run.turnAt ??= event.at;
  if (event.type === "attempt_planned" || event.type === "launch_taken")
    run.restsUntil = event.launchAt > event.at ? event.launchAt : null;
  if (event.type === "cancel_requested" && run.cancelRequestedAt === null) {
    run.cancelRequestedAt = event.at;
    run.supersededBy = event.supersededBy ?? null;
  }
  if (event.type === "slot_awaited")
    run.restsUntil = awaitsLaunch
      ? wantsMachineSince({ run, attempts }) + run.spec.timeouts.queueMs
      : restsInQueue(run, event.queue);
  if (event.type === "attempt_planned") Object.assign(run, NOT_ENDED);
  if (event.type === "attempt_failed") run.output = { ...together(attempts), complete: false };
  if (event.type === "attempt_failed" || event.type === "settled") {
    run.reason = event.reason;
    run.limit = event.limit;
    run.detail = event.detail;
    run.exit = event.exit;
  }
  if (event.type === "settled") {
    run.output = attempts.length > 0 ? together(attempts) : event.output;
    run.settledAt = event.at;
    // Without an attempt there is no Machine to wait for.
    run.open = last !== undefined && last.releasedAt === null;
  }
  if (event.type === "machine_released") {
    if (isFinal(status)) run.open = false;
    else if (run.cancelRequestedAt === null) run.restsUntil = last?.next?.at ?? null;
  }
  const tickets = ticketsAfter(state.run, event, { run, attempts });
  return tickets && { run: { ...run, tickets }, attempts };
}

/** How a run ended of which there is nothing to tell yet: it waits for its turn, or an attempt is under way. */
const NOT_ENDED = { reason: null, limit: null, detail: null, exit: null } satisfies Partial<Run>;

const NOTHING_YET: OutputSummary = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: false };

/** What became of the output of all attempts. */
function together(attempts: Attempt[]): OutputSummary {
  return attempts.reduce<OutputSummary>(
    (sum, { output }) => ({
      stdoutBytes: sum.stdoutBytes + (output?.stdoutBytes ?? 0),
      stderrBytes: sum.stderrBytes + (output?.stderrBytes ?? 0),
      droppedBytes: sum.droppedBytes + (output?.droppedBytes ?? 0),
      complete: sum.complete && (output?.complete ?? false),
    }),
    { ...NOTHING_YET, complete: true },
  );
}

/** {@link applyEvent} for several events in order; null where any of them is refused. */
export function applyEvents(state: RunState, events: RunEvent[]): RunState | null {
  return events.reduce<RunState | null>((folded, event) => folded && applyEvent(folded, event), state);
}

function attemptsAfter(attempts: Attempt[], event: RunEvent, status: RunStatus): Attempt[] | null {
  const last = attempts.at(-1);
  // Of a run at most one Machine at a time: the earlier one is gone before the next is decided.
  if (event.type === "attempt_planned")
    return event.attempt === attempts.length + 1 && last?.releasedAt !== null
      ? [...attempts, plannedAttempt(event)]
      : null;
  if ("attempt" in event && event.attempt !== last?.number) return null;
  if (event.type === "launch_taken" && last?.machineId !== null) return null;
  if (event.type === "machine_released" && last?.releasedAt !== null) return null;
  // The last attempt's release is told by its run, which is no longer open: a row less to write for every run.
  if (event.type === "machine_released" && isFinal(status)) return attempts;
  if (!last) return attempts;
  const change = isOfSteps(event) ? stepsAfter(last, event) : changeOf(last, event);
  return change && [...attempts.slice(0, -1), { ...last, ...change }];
}

function plannedAttempt(event: Extract<RunEvent, { type: "attempt_planned" }>): Attempt {
  return {
    number: event.attempt,
    machineName: event.machineName,
    machineConfig: event.machineConfig,
    app: event.app,
    machineId: null,
    region: null,
    reason: null,
    limit: null,
    detail: null,
    exit: null,
    output: null,
    next: null,
    plannedAt: event.at,
    createAskedAt: event.launchAt,
    mayBeAsked: event.launchAt <= event.at,
    createdAt: null,
    readyAt: null,
    imageReadyAt: null,
    startedAt: null,
    firstOutputAt: null,
    exitedAt: null,
    stopRequestedAt: null,
    settledAt: null,
    releasedAt: null,
    uncertainCreates: 0,
    steps: [],
  };
}

function isOfSteps(event: RunEvent): event is StepEvent {
  return event.type === "step_started" || event.type === "step_ended" || event.type === "steps_skipped";
}

/** A step ends once, and starts before. */
function stepsAfter(attempt: Attempt, event: StepEvent): Partial<Attempt> | null {
  const steps = recordsAfter(attempt.steps, event);
  return steps && { steps };
}

function endOf(attempt: Attempt, event: AttemptFailed | Settled): Partial<Attempt> {
  const { reason, limit, detail, output, at } = event;
  return { reason, limit, detail, exit: event.exit ?? attempt.exit, output, settledAt: at };
}

function changeOf(attempt: Attempt, event: RunEvent): Partial<Attempt> {
  switch (event.type) {
    case "launch_taken": {
      const { app, launchAt, mayBeAsked } = event;
      return { app, createAskedAt: launchAt, mayBeAsked };
    }
    case "create_uncertain":
      return { uncertainCreates: attempt.uncertainCreates + 1 };
    case "machine_created":
      return { machineId: event.machineId, region: event.region, createdAt: event.at };
    case "machine_ready":
      return { readyAt: attempt.readyAt ?? event.at };
    case "machine_started":
      return { startedAt: event.at, imageReadyAt: event.imageReadyAt ?? null };
    case "stop_requested":
      return { stopRequestedAt: attempt.stopRequestedAt ?? event.at };
    case "exited":
      return { exit: event.exit, exitedAt: event.at };
    case "attempt_failed":
      return { ...endOf(attempt, event), next: event.next };
    case "settled":
      // A run that is settled while it waits for its next attempt leaves the last one as it ended.
      return attempt.settledAt === null ? endOf(attempt, event) : {};
    case "machine_released":
      return { releasedAt: event.at };
    default:
      return {};
  }
}
