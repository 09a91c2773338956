import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/event.ts";
import { outcomeOf } from "../../src/core/outcome.ts";
import { CHECKOUT_PATH } from "../../src/core/step/checkout.ts";
import { type StepFact, stepEvents } from "../../src/core/step/record.ts";
import { plannedSteps } from "../../src/core/step/spec.ts";
import { stepStates } from "../../src/core/step/state.ts";
import { aRunningRun, followedBy, T0 } from "../support/a-run.ts";
import { aStepsSpec } from "../support/a-steps-spec.ts";

const NOW = T0 + 60_000;
const started = (step: number, atCs: number): StepFact => ({ fact: "started", step, atCs });
const ended = (
  step: number,
  exitCode: number,
  stdout: number,
  tookMs = 1000,
  timedOut = false,
): StepFact => ({
  fact: "ended",
  step,
  exitCode,
  timedOut,
  tookMs,
  stdout,
  stderr: 0,
});
const skipped = (step: number): StepFact => ({ fact: "skipped", step });

const SPEC = aStepsSpec(["one", { run: "two", timeoutMs: 5000 }, { run: "three", if: "failure" }]);
const checkout = {
  repository: "https://example.com/a/b",
  ref: null,
  path: CHECKOUT_PATH,
  depth: 1,
  submodules: "none" as const,
  token: null,
  deployKey: null,
};

const DELIVERY = {
  hook: "github",
  id: "1",
  source: "github" as const,
  event: "pull_request",
  change: null,
  isWithoutSecrets: false,
};

/** A run of steps of which these facts were told. */
function told(facts: StepFact[], spec = SPEC) {
  const story = aRunningRun(spec);
  const attempt = story.state.attempts[0];
  if (!attempt) throw new Error("there is an attempt");
  const events: RunEvent[] = stepEvents(attempt, { nowCs: 10_000, facts }, NOW, null);
  const after = followedBy(story, ...events);
  const now = after.state.attempts[0];
  if (!now) throw new Error("there is an attempt");
  return { events, story: after, attempt: now, run: after.state.run };
}

const exit = (code: number, signal: string | null = null) => ({
  exit: { code, signal, oomKilled: false },
  timedOut: false,
  commandMissing: null,
});

describe("what is told of steps", () => {
  it("is one event of each that began and ended since, and one of several that are skipped", () => {
    const { events } = told([started(1, 9700), ended(1, 7, 5), skipped(2), skipped(3)]);
    expect(events).toMatchObject([
      {
        type: "step_ended",
        step: 1,
        startedAt: NOW - 3000,
        endedAt: NOW - 2000,
        to: { stdout: 5, stderr: 0 },
      },
      { type: "steps_skipped", steps: [2, 3] },
    ]);
  });

  it("comes twice and is one: what is known already makes no event", () => {
    const facts = [started(1, 9700), ended(1, 0, 5), started(2, 9800)];
    const { attempt } = told(facts);
    expect(stepEvents(attempt, { nowCs: 10_000, facts }, NOW, null)).toEqual([]);
    expect(stepEvents(attempt, { nowCs: 10_000, facts: [] }, NOW, null)).toEqual([]);
  });

  it("keeps the start that was told first, and sections have no gaps", () => {
    const { attempt } = told([started(1, 9700), ended(1, 0, 5), started(2, 9800)]);
    const later = stepEvents(attempt, { nowCs: 99_000, facts: [ended(2, 0, 9)] }, NOW + 5000, null);
    expect(later).toMatchObject([
      {
        type: "step_ended",
        step: 2,
        startedAt: NOW - 2000,
        endedAt: NOW - 1000,
        from: { stdout: 5 },
        to: { stdout: 9 },
      },
    ]);
  });

  it("shows none to start before the one before it ended, or to end before it started, however reads round their time", () => {
    const { attempt } = told([started(1, 9700), ended(1, 0, 5, 1012)]);
    expect(attempt.steps).toMatchObject([{ endedAt: NOW - 1988 }]);
    // Two reads of one clock, each with its own way from there to here.
    const later = { nowCs: 10_050, facts: [started(2, 9801), ended(2, 0, 9, 3), started(3, 9801)] };
    const events = stepEvents(attempt, later, NOW + 498, null);
    expect(events).toMatchObject([
      { type: "step_ended", step: 2, startedAt: NOW - 1988, endedAt: NOW - 1985 },
      { type: "step_started", step: 3, startedAt: NOW - 1985 },
    ]);
    const story = told([started(1, 9999), ended(1, 0, 5, 30_000), started(2, 9800)]);
    expect(story.attempt.steps).toMatchObject([{ startedAt: NOW - 10, endedAt: NOW }, { startedAt: NOW }]);
  });

  it("ends a step with its command where the record does not say how", () => {
    const { attempt } = told([started(1, 9700)]);
    const end = { exitCode: 137, stdout: 8, stderr: 1 };
    expect(stepEvents(attempt, { nowCs: 10_000, facts: [] }, NOW, end)).toMatchObject([
      { type: "step_ended", step: 1, exitCode: 137, timedOut: false, to: { stdout: 8, stderr: 1 } },
    ]);
    const fresh = { number: 1, steps: [] };
    expect(stepEvents(fresh, { nowCs: 10_000, facts: [started(1, 9700)] }, NOW, end)).toMatchObject([
      { type: "step_ended", step: 1, startedAt: NOW - 3000 },
    ]);
  });
});

describe("the outcome of a run of steps", () => {
  it("is that of the first that failed", () => {
    const { run, attempt } = told([started(1, 0), ended(1, 7, 5), skipped(2), started(3, 0), ended(3, 9, 5)]);
    expect(outcomeOf(run, attempt, exit(7))).toMatchObject({
      status: "failed",
      reason: "exit_code",
      detail: 'the step "step 1" exited with 7',
    });
  });

  it("names the step that a signal ended, and the one whose limit passed", () => {
    const killed = told([started(1, 0), ended(1, 139, 5)]);
    expect(outcomeOf(killed.run, killed.attempt, exit(139, "SIGSEGV"))).toMatchObject({
      reason: "signal",
      detail: 'the step "step 1" was ended by SIGSEGV',
    });
    const late = told([started(1, 0), ended(1, 0, 5), started(2, 0), ended(2, 143, 5, 5000, true)]);
    expect(outcomeOf(late.run, late.attempt, exit(143, "SIGTERM"))).toEqual({
      status: "failed",
      reason: "timed_out",
      limit: "step",
      detail: 'the step "step 2" was still running after its limit of 5s',
    });
  });

  it.each([
    [127, "git_missing", "the image has no git"],
    [128, "checkout_failed", "git could not check out https://example.com/a/b"],
  ])("of a checkout that ended with %i is %s", (code, reason, says) => {
    const spec = aStepsSpec(["one"], { checkout });
    const { run, attempt } = told([started(1, 0), ended(1, code, 5)], spec);
    const ending = outcomeOf(run, attempt, exit(code));
    expect(ending.reason).toBe(reason);
    expect(ending.detail).toContain(says);
  });

  it("of a checkout that failed says what may be why: a fork has no token, and a commit is known by its whole id alone", () => {
    const detail = (ref: string | null, isWithoutSecrets: boolean) => {
      const spec = aStepsSpec(["one"], { checkout: { ...checkout, ref } });
      const { run, attempt } = told([started(1, 0), ended(1, 128, 5)], spec);
      const delivery = { ...DELIVERY, isWithoutSecrets };
      return outcomeOf({ ...run, delivery }, attempt, exit(128)).detail;
    };
    const fork = "the pull request is from a fork, so the run has no secrets, and no token";
    expect(detail("main", true)).toContain(fork);
    const short = 'if "6dcb09b5" is a commit, its whole id of 40 or 64 characters is needed';
    expect(detail("6dcb09b5", false)).toContain(short);
    for (const ref of [null, "main", "6dcb09", "a".repeat(40), "refs/heads/6dcb09b5"])
      expect(detail(ref, false)).toBe(
        'git could not check out https://example.com/a/b: see the output of the step "checkout"',
      );
  });

  it("is a success where all went well", () => {
    const { run, attempt } = told([started(1, 0), ended(1, 0, 5), started(2, 0), ended(2, 0, 5), skipped(3)]);
    expect(outcomeOf(run, attempt, exit(0)).status).toBe("succeeded");
  });
});

describe("how steps stand", () => {
  const states = (attempt: Parameters<typeof stepStates>[1]) =>
    stepStates(SPEC, attempt).map(({ state }) => state);

  it("is waiting before they begin, and after the end of their attempt skipped, or unknown where it was lost", () => {
    const { attempt } = told([started(1, 0), ended(1, 0, 5), started(2, 0)]);
    expect(states(attempt)).toEqual(["succeeded", "running", "waiting"]);
    expect(states({ ...attempt, settledAt: NOW })).toEqual(["succeeded", "unknown", "skipped"]);
    expect(states({ steps: [], startedAt: T0, settledAt: NOW })).toEqual(["unknown", "unknown", "unknown"]);
    expect(states({ steps: [], startedAt: null, settledAt: NOW })).toEqual(["skipped", "skipped", "skipped"]);
  });

  it("is told of a command behind a checkout, too", () => {
    const spec = { ...aStepsSpec([], { checkout }), command: ["make"] };
    expect(plannedSteps(spec).map(({ number, name }) => [number, name])).toEqual([
      [1, "checkout"],
      [2, "command"],
    ]);
    expect(plannedSteps({ ...spec, checkout: null })).toEqual([]);
  });
});
