import { describe, expect, it } from "vitest";
import { EVENT_TYPES, type RunEvent } from "../../src/core/event.ts";
import { acceptRun, applyEvent, applyEvents, transition } from "../../src/core/lifecycle.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { isFinal, RUN_STATUSES, type RunStatus } from "../../src/core/run.ts";
import {
  aQueuedRun,
  aRunId,
  aRunningRun,
  aSpec,
  aStartingRun,
  aSucceededRun,
  followedBy,
  T0,
} from "../support/a-run.ts";

const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
const exit = { code: 1, signal: null, oomKilled: false };

/** One event of each type that would fit any attempt numbered 1. */
const EXAMPLES: Record<RunEvent["type"], RunEvent> = {
  accepted: { type: "accepted", at: T0, spec: aSpec() },
  attempt_planned: { ...planAttempt(aQueuedRun().state, null, T0) },
  create_uncertain: { type: "create_uncertain", at: T0, attempt: 1, error: "504" },
  machine_created: {
    type: "machine_created",
    at: T0,
    attempt: 1,
    machineId: "m",
    region: null,
    adopted: false,
  },
  machine_started: { type: "machine_started", at: T0, attempt: 1 },
  cancel_requested: { type: "cancel_requested", at: T0 },
  stop_requested: { type: "stop_requested", at: T0, attempt: 1 },
  exited: { type: "exited", at: T0, attempt: 1, exit, source: "runner" },
  settled: { type: "settled", at: T0, status: "failed", reason: "exit_code", detail: null, exit, output },
  machine_released: { type: "machine_released", at: T0, attempt: 1, events: [] },
};

/** The whole table, written down a second time: every pair that is possible, and where it leads. */
const POSSIBLE: Record<RunStatus, Partial<Record<RunEvent["type"], RunStatus>>> = {
  queued: { attempt_planned: "starting", cancel_requested: "queued", settled: "failed" },
  starting: {
    create_uncertain: "starting",
    machine_created: "starting",
    machine_started: "running",
    exited: "running",
    cancel_requested: "starting",
    settled: "failed",
  },
  running: { cancel_requested: "running", stop_requested: "running", exited: "running", settled: "failed" },
  retrying: { attempt_planned: "starting", cancel_requested: "retrying", settled: "failed" },
  succeeded: { machine_released: "succeeded" },
  failed: { machine_released: "failed" },
  cancelled: { machine_released: "cancelled" },
};

describe("the transition table", () => {
  for (const status of RUN_STATUSES)
    for (const type of EVENT_TYPES) {
      const expected = POSSIBLE[status][type] ?? null;
      it(`${expected ? `takes ${type} from ${status} to ${expected}` : `refuses ${type} in ${status}`}`, () => {
        expect(transition(status, EXAMPLES[type])).toBe(expected);
      });
    }

  it("leaves a final status for nothing", () => {
    for (const status of RUN_STATUSES.filter(isFinal))
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

  it("remembers the first of several wishes to cancel", () => {
    const story = followedBy(aRunningRun(), EXAMPLES.cancel_requested, {
      type: "cancel_requested",
      at: T0 + 99,
    });
    expect(story.state.run.cancelRequestedAt).toBe(T0);
  });
});
