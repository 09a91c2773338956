import { describe, expect, it } from "vitest";
import { EVENT_TYPES, type EventType, type RunEvent } from "../../src/core/event.ts";
import { acceptRun, applyEvent, applyEvents, transition } from "../../src/core/lifecycle.ts";
import { planAttempt } from "../../src/core/plan.ts";
import {
  FINAL_STATUSES,
  type FinalStatus,
  isFinal,
  RUN_STATUSES,
  type RunStatus,
} from "../../src/core/run.ts";
import {
  aBootingRun,
  aQueuedRun,
  aRetryingRun,
  aRunId,
  aRunningRun,
  aSpec,
  aStartingRun,
  aSucceededRun,
  followedBy,
  type Story,
  T0,
} from "../support/a-run.ts";

const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
const nowhere = { stdout: 0, stderr: 0 };
const exit = { code: 1, signal: null, oomKilled: false };

/** One event of each type that would fit any attempt numbered 1. */
const EXAMPLES: { [T in EventType]: Extract<RunEvent, { type: T }> } = {
  accepted: { type: "accepted", at: T0, spec: aSpec(), originId: null },
  attempt_planned: { ...planAttempt(aQueuedRun().state, null, T0) },
  launch_taken: {
    type: "launch_taken",
    at: T0,
    attempt: 1,
    app: "a",
    launchAt: T0 + 5000,
    mayBeAsked: true,
  },
  create_uncertain: { type: "create_uncertain", at: T0, attempt: 1, error: "504" },
  machine_created: {
    type: "machine_created",
    at: T0,
    attempt: 1,
    machineId: "m",
    region: null,
    adopted: false,
  },
  machine_ready: { type: "machine_ready", at: T0, attempt: 1 },
  machine_started: { type: "machine_started", at: T0, attempt: 1 },
  cancel_requested: { type: "cancel_requested", at: T0 },
  stop_requested: { type: "stop_requested", at: T0, attempt: 1 },
  exited: { type: "exited", at: T0, attempt: 1, exit, source: "runner" },
  attempt_failed: {
    type: "attempt_failed",
    at: T0,
    attempt: 1,
    reason: "exit_code",
    limit: null,
    detail: null,
    exit,
    output,
    next: { at: T0, guest: aSpec().machine, region: null },
  },
  settled: {
    type: "settled",
    at: T0,
    status: "failed",
    reason: "exit_code",
    limit: null,
    detail: null,
    exit,
    output,
  },
  machine_released: { type: "machine_released", at: T0, attempt: 1, events: [] },
  slot_awaited: { type: "slot_awaited", at: T0, queue: "key:k", limit: 1 },
  slot_taken: { type: "slot_taken", at: T0, queue: "key:k", limit: 1 },
  step_started: { type: "step_started", at: T0, attempt: 1, step: 1, startedAt: T0, from: nowhere },
  step_ended: {
    type: "step_ended",
    at: T0,
    attempt: 1,
    step: 1,
    exitCode: 0,
    timedOut: false,
    startedAt: T0,
    endedAt: T0,
    from: nowhere,
    to: nowhere,
  },
  steps_skipped: { type: "steps_skipped", at: T0, attempt: 1, steps: [2] },
};

/** The whole table, written down a second time: for every pair where it leads, or that it is refused. A pair without a word does not compile. */
const TABLE: Record<RunStatus, Record<EventType, RunStatus | "refused">> = {
  queued: {
    accepted: "refused",
    attempt_planned: "starting",
    launch_taken: "refused",
    create_uncertain: "refused",
    machine_created: "refused",
    machine_ready: "refused",
    machine_started: "refused",
    cancel_requested: "queued",
    stop_requested: "refused",
    exited: "refused",
    attempt_failed: "refused",
    settled: "failed",
    machine_released: "refused",
    slot_awaited: "queued",
    slot_taken: "queued",
    step_started: "refused",
    step_ended: "refused",
    steps_skipped: "refused",
  },
  starting: {
    accepted: "refused",
    attempt_planned: "refused",
    launch_taken: "starting",
    create_uncertain: "starting",
    machine_created: "starting",
    machine_ready: "starting",
    machine_started: "running",
    cancel_requested: "starting",
    stop_requested: "refused",
    exited: "running",
    attempt_failed: "retrying",
    settled: "failed",
    machine_released: "refused",
    slot_awaited: "refused",
    slot_taken: "refused",
    step_started: "refused",
    step_ended: "refused",
    steps_skipped: "refused",
  },
  running: {
    accepted: "refused",
    attempt_planned: "refused",
    launch_taken: "refused",
    create_uncertain: "refused",
    machine_created: "refused",
    machine_ready: "refused",
    machine_started: "refused",
    cancel_requested: "running",
    stop_requested: "running",
    exited: "running",
    attempt_failed: "retrying",
    settled: "failed",
    machine_released: "refused",
    slot_awaited: "refused",
    slot_taken: "refused",
    step_started: "running",
    step_ended: "running",
    steps_skipped: "running",
  },
  retrying: {
    accepted: "refused",
    attempt_planned: "starting",
    launch_taken: "refused",
    create_uncertain: "refused",
    machine_created: "refused",
    machine_ready: "refused",
    machine_started: "refused",
    cancel_requested: "retrying",
    stop_requested: "refused",
    exited: "refused",
    attempt_failed: "refused",
    settled: "failed",
    machine_released: "retrying",
    slot_awaited: "retrying",
    slot_taken: "refused",
    step_started: "refused",
    step_ended: "refused",
    steps_skipped: "refused",
  },
  succeeded: { ...refusesAll(), machine_released: "succeeded" },
  failed: { ...refusesAll(), machine_released: "failed" },
  cancelled: { ...refusesAll(), machine_released: "cancelled" },
};

function refusesAll(): Record<EventType, "refused"> {
  return Object.fromEntries(EVENT_TYPES.map((type) => [type, "refused"])) as Record<EventType, "refused">;
}

const WITH_KEY = { concurrency: { key: "k", limit: 1, strategy: "queue" as const } };

/** Runs of each status, and what is otherwise than in the table with some of them. */
const RUNS: Record<RunStatus, [what: string, Story, except?: Partial<Record<EventType, "refused">>][]> = {
  queued: [
    ["fresh", aQueuedRun()],
    ["asked to cancel", followedBy(aQueuedRun(), EXAMPLES.cancel_requested)],
    ["without the slot of its key", aQueuedRun(WITH_KEY), { attempt_planned: "refused" }],
    [
      "in line for it",
      followedBy(aQueuedRun(WITH_KEY), EXAMPLES.slot_awaited),
      { attempt_planned: "refused", slot_awaited: "refused" },
    ],
    [
      "with it",
      followedBy(aQueuedRun(WITH_KEY), EXAMPLES.slot_taken),
      { slot_awaited: "refused", slot_taken: "refused" },
    ],
  ],
  starting: [
    ["its machine is asked for", aStartingRun()],
    ["its machine boots", aBootingRun(), { launch_taken: "refused" }],
    ["again", followedBy(aRetryingRun(), EXAMPLES.machine_released, secondPlan())],
  ],
  running: [
    ["its command runs", aRunningRun()],
    ["its command was told to stop", followedBy(aRunningRun(), EXAMPLES.stop_requested)],
    ["its command has ended", followedBy(aRunningRun(), EXAMPLES.exited)],
  ],
  retrying: [
    ["its machine may still be there", aRetryingRun(), { attempt_planned: "refused" }],
    [
      "its machine is gone",
      followedBy(aRetryingRun(), EXAMPLES.machine_released),
      { machine_released: "refused" },
    ],
  ],
  succeeded: endedRuns("succeeded"),
  failed: endedRuns("failed"),
  cancelled: endedRuns("cancelled"),
};

function endedRuns(status: FinalStatus): (typeof RUNS)[RunStatus] {
  const reason = { succeeded: null, failed: "exit_code", cancelled: "cancelled_by_user" } as const;
  const settled: RunEvent = { ...EXAMPLES.settled, status, reason: reason[status] };
  const ended = followedBy(aRunningRun(), settled);
  const nothing = { machine_released: "refused" } as const;
  return [
    ["its machine may still be there", ended],
    ["its machine is gone", followedBy(ended, EXAMPLES.machine_released), nothing],
    ["without a machine", followedBy(aQueuedRun(), settled), nothing],
  ];
}

function secondPlan(): RunEvent {
  return planAttempt(followedBy(aRetryingRun(), EXAMPLES.machine_released).state, null, T0 + 62_000);
}

/** An event as it would be of this run: of the attempt under way, or of the next where one is planned. */
function eventOf({ state }: Story, type: EventType): RunEvent {
  if (type === "attempt_planned") return planAttempt(state, null, T0 + 62_000);
  const example = EXAMPLES[type];
  return "attempt" in example ? { ...example, attempt: Math.max(1, state.attempts.length) } : example;
}

describe("the transition table", () => {
  it("knows every event", () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual([...EVENT_TYPES].sort());
  });

  for (const status of RUN_STATUSES)
    for (const type of EVENT_TYPES)
      for (const [what, story, except] of RUNS[status]) {
        const expected = except?.[type] ?? TABLE[status][type];
        const name = `${status} (${what}) and ${type}: ${expected}`;
        it(name, () => {
          const before = structuredClone(story.state);
          expect(story.state.run.status).toBe(status);
          const after = applyEvent(story.state, eventOf(story, type));
          expect(after?.run.status ?? "refused").toBe(expected);
          if (after) expect(after.run.version).toBe(before.run.version + 1);
          expect(story.state).toEqual(before);
        });
      }

  it("settles a run that is not over as the event says", () => {
    for (const status of RUN_STATUSES.filter((each) => !isFinal(each)))
      for (const [, { state }] of RUNS[status])
        for (const final of FINAL_STATUSES)
          expect(applyEvent(state, { ...EXAMPLES.settled, status: final })?.run.status).toBe(final);
  });

  it("leaves a final status for nothing", () => {
    for (const status of FINAL_STATUSES)
      for (const type of EVENT_TYPES) expect([status, null]).toContain(transition(status, EXAMPLES[type]));
  });
});

describe("folding events", () => {
  it("rebuilds the run that they made", () => {
    const { state, events } = followedBy(aSucceededRun(), EXAMPLES.machine_released);
    const [accepted, ...rest] = events;
    if (accepted?.type !== "accepted") throw new Error("a story starts with its acceptance");
    expect(applyEvents(acceptRun(state.run.id, "default", accepted), rest)).toEqual(state);
    expect(state.run).toMatchObject({ version: events.length, status: "succeeded", open: false });
  });

  it("calls the output complete once it is settled so, and never before", () => {
    const { events } = aSucceededRun();
    const [accepted, ...rest] = events;
    if (accepted?.type !== "accepted") throw new Error("a story starts with its acceptance");
    const first = acceptRun(aRunId(), "default", accepted);
    const complete = rest.map((_, index) => applyEvents(first, rest.slice(0, index))?.run.output.complete);
    expect(complete).toEqual(rest.map(() => false));
    expect(applyEvents(first, rest)?.run.output.complete).toBe(true);
  });

  it("changes nothing where an event is refused", () => {
    const { state } = aRunningRun();
    const before = structuredClone(state);
    expect(applyEvent(state, EXAMPLES.machine_released)).toBeNull();
    expect(applyEvents(state, [EXAMPLES.exited, EXAMPLES.accepted])).toBeNull();
    expect(state).toEqual(before);
  });

  it("refuses news of another attempt than the one under way", () => {
    const { state } = aStartingRun();
    expect(applyEvent(state, { ...EXAMPLES.machine_created, attempt: 2 } as RunEvent)).toBeNull();
    expect(
      applyEvent(aQueuedRun().state, { ...EXAMPLES.attempt_planned, attempt: 2 } as RunEvent),
    ).toBeNull();
  });

  it("keeps a run open until its Machine is known to be gone", () => {
    const settled = aSucceededRun();
    expect(settled.state.run.open).toBe(true);
    expect(followedBy(settled, EXAMPLES.machine_released).state.run.open).toBe(false);
    expect(followedBy(aQueuedRun(), EXAMPLES.settled).state.run.open).toBe(false);
  });

  it("rebuilds a run of several attempts, with the output of all of them", () => {
    const gone: RunEvent = { type: "machine_released", at: T0 + 3000, attempt: 1, events: [] };
    const between = followedBy(aRetryingRun(), gone);
    const second = followedBy(between, planAttempt(between.state, null, T0 + 62_000));
    const { state, events } = followedBy(second, {
      type: "settled",
      at: T0 + 70_000,
      status: "succeeded",
      reason: null,
      limit: null,
      detail: null,
      exit: { code: 0, signal: null, oomKilled: false },
      output: { stdoutBytes: 4, stderrBytes: 0, droppedBytes: 0, complete: true },
    });
    const [accepted, ...rest] = events;
    if (accepted?.type !== "accepted") throw new Error("a story starts with its acceptance");
    expect(applyEvents(acceptRun(state.run.id, "default", accepted), rest)).toEqual(state);
    expect(state.run).toMatchObject({
      status: "succeeded",
      open: true,
      exit: { code: 0 },
      output: { stdoutBytes: 7, stderrBytes: 2, complete: true },
    });
    expect(
      state.attempts.map(({ reason, exit, output }) => [reason, exit?.code, output?.stdoutBytes]),
    ).toEqual([
      ["exit_code", 1, 3],
      [null, 0, 4],
    ]);
    expect(state.attempts[1]?.machineConfig).toMatchObject({ guest: { memoryMb: 512 }, region: "fra" });
  });

  it("does not call the output complete where an earlier attempt's is not", () => {
    const failed = { ...EXAMPLES.attempt_failed, output: { ...output, complete: false } } as RunEvent;
    const gone = followedBy(aRunningRun(), failed, EXAMPLES.machine_released);
    const second = followedBy(gone, planAttempt(gone.state, null, T0));
    expect(followedBy(second, EXAMPLES.settled).state.run.output.complete).toBe(false);
  });

  it("plans no attempt before the machine of the one before is gone, and takes that for news once", () => {
    const retrying = aRetryingRun();
    const next = planAttempt(retrying.state, null, T0 + 62_000);
    expect(applyEvent(retrying.state, next)).toBeNull();
    const gone = followedBy(retrying, EXAMPLES.machine_released);
    expect(applyEvent(gone.state, EXAMPLES.machine_released)).toBeNull();
    expect(applyEvent(gone.state, next)?.run.status).toBe("starting");
  });

  it("takes a launch over until the machine is there, and rests until its time", () => {
    const waiting = aStartingRun({}, { app: "a", at: T0 + 9000 });
    expect(waiting.state.run.restsUntil).toBe(T0 + 9000);
    // Nobody can have asked before it is said; an attempt that waits for nothing says so with its plan.
    expect(waiting.state.attempts).toMatchObject([{ mayBeAsked: false }]);
    expect(aStartingRun().state.attempts).toMatchObject([{ mayBeAsked: true }]);
    const taken = followedBy(waiting, EXAMPLES.launch_taken).state;
    expect(taken.run).toMatchObject({ status: "starting", restsUntil: T0 + 5000 });
    expect(taken.attempts).toMatchObject([{ app: "a", createAskedAt: T0 + 5000, mayBeAsked: true }]);
    // What was decided with the plan, as which version of a secret it is given, stays.
    expect(taken.attempts[0]?.plannedAt).toBe(waiting.state.attempts[0]?.plannedAt);
    expect(applyEvent(aBootingRun().state, EXAMPLES.launch_taken)).toBeNull();
  });

  it("says of a run that waits for its next attempt how the last one ended, and nothing more once that is planned", () => {
    const gone = followedBy(aRetryingRun(), EXAMPLES.machine_released);
    expect(gone.state.run).toMatchObject({ reason: "exit_code", exit: { code: 1 }, settledAt: null });
    const again = followedBy(gone, planAttempt(gone.state, null, T0 + 62_000));
    expect(again.state.run).toMatchObject({ reason: null, limit: null, detail: null, exit: null });
  });

  it("leaves a failed attempt as it ended when its run is cancelled while it waits for the next", () => {
    const { state } = followedBy(aRetryingRun(), EXAMPLES.cancel_requested, {
      ...EXAMPLES.settled,
      status: "cancelled",
      reason: "cancelled_by_user",
      exit: null,
    } as RunEvent);
    expect(state.run).toMatchObject({ reason: "cancelled_by_user", exit: null, open: true });
    expect(state.run.output).toMatchObject({ stdoutBytes: 3, stderrBytes: 2, complete: true });
    expect(state.attempts).toMatchObject([{ reason: "exit_code", exit: { code: 1 }, settledAt: T0 + 2000 }]);
  });

  it("lets a run rest until its next attempt's time once its machine is gone, and not after a cancel", () => {
    const retrying = aRetryingRun();
    expect(retrying.state.run.restsUntil).toBeNull();
    const gone = followedBy(retrying, EXAMPLES.machine_released);
    expect(gone.state.run.restsUntil).toBe(T0 + 62_000);
    expect(followedBy(gone, EXAMPLES.cancel_requested).state.run.restsUntil).toBeNull();
    const cancelled = followedBy(retrying, EXAMPLES.cancel_requested, EXAMPLES.machine_released);
    expect(cancelled.state.run.restsUntil).toBeNull();
  });

  it("remembers the first of several wishes to cancel", () => {
    const story = followedBy(aRunningRun(), EXAMPLES.cancel_requested, {
      type: "cancel_requested",
      at: T0 + 99,
    });
    expect(story.state.run.cancelRequestedAt).toBe(T0);
  });
});
