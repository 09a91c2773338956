import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/event.ts";
import { outcomeOf } from "../../src/core/outcome.ts";
import { CHECKOUT_PATH } from "../../src/core/step/checkout.ts";
import { piecesOf } from "../../src/core/step/pieces.ts";
import { type StepFact, stepEvents } from "../../src/core/step/record.ts";
import { plannedSteps } from "../../src/core/step/spec.ts";
import { stepStates } from "../../src/core/step/state.ts";
import { Drive } from "../../src/flow/drive.ts";
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

/** A read at 100 s of the Machine's clock. */
const read = (facts: StepFact[]) => ({ nowCs: 10_000, count: facts.length, facts });
const BOUNDS = { steps: 3, since: T0, sizes: { stdout: 9, stderr: 9 } };

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
  const events: RunEvent[] = stepEvents(attempt, read(facts), NOW, null, BOUNDS);
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
    expect(stepEvents(attempt, read(facts), NOW, null, BOUNDS)).toEqual([]);
    expect(stepEvents(attempt, read([]), NOW, null, BOUNDS)).toEqual([]);
  });

  it("keeps the start that was told first, and sections have no gaps", () => {
    const { attempt } = told([started(1, 9700), ended(1, 0, 5), started(2, 9800)]);
    const later = stepEvents(attempt, { ...read([ended(2, 0, 9)]), nowCs: 99_000 }, NOW + 5000, null, BOUNDS);
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
    const facts = [started(2, 9801), ended(2, 0, 9, 3), started(3, 9801)];
    const later = { ...read(facts), nowCs: 10_050 };
    const events = stepEvents(attempt, later, NOW + 498, null, BOUNDS);
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
    expect(stepEvents(attempt, read([]), NOW, end, BOUNDS)).toMatchObject([
      { type: "step_ended", step: 1, exitCode: 137, timedOut: false, to: { stdout: 8, stderr: 1 } },
    ]);
    const fresh = { number: 1, steps: [] };
    expect(stepEvents(fresh, read([started(1, 9700)]), NOW, end, BOUNDS)).toMatchObject([
      { type: "step_ended", step: 1, startedAt: NOW - 3000 },
    ]);
  });
});

describe("what can not be of steps", () => {
  const fresh = { number: 1, steps: [] };
  const over = { exitCode: 0, stdout: 9, stderr: 9 };
  const eventsOf = (facts: StepFact[], end: typeof over | null = null) =>
    stepEvents(fresh, read(facts), NOW, end, BOUNDS);
  const first = [started(1, 9700), ended(1, 0, 5)];

  it.each<[string, StepFact[]]>([
    ["a second end", [ended(1, 7, 5)]],
    ["a second start", [started(1, 9800)]],
    ["one that is skipped behind its end", [skipped(1)]],
    ["the end of one that has not started", [ended(2, 0, 5)]],
    ["a step before its turn", [started(3, 9800), ended(3, 0, 5)]],
    ["a step that the run does not have", [skipped(2), skipped(3), skipped(4)].slice(2)],
    ["a step 0", [started(0, 9800)]],
  ])("makes no event: %s", (_what, facts) => {
    expect(eventsOf([...first, ...facts])).toEqual(eventsOf(first));
    expect(told([...first, ...facts]).attempt.steps).toHaveLength(1);
  });

  it.each<[string, StepFact]>([
    ["above all others", ended(1, 256, 5)],
    ["below all others", ended(1, -1, 5)],
  ])("leaves a step under way until its command is over: a code that no shell has, %s", (_what, fact) => {
    expect(eventsOf([started(1, 9700), fact])).toMatchObject([{ type: "step_started", step: 1 }]);
    expect(eventsOf([started(1, 9700), fact], over)).toMatchObject([
      { type: "step_ended", step: 1, exitCode: 0, to: { stdout: 9, stderr: 9 }, endedAt: NOW },
    ]);
  });

  it("is a section outside of its stream, which is brought into it: how steps ended is told all the same", () => {
    // The second opened its stream by name, in an image where that empties the file.
    const facts = [
      ...[started(1, 9700), ended(1, 0, 500)],
      ...[started(2, 9800), ended(2, 0, 3)],
      ...[started(3, 9900), ended(3, 7, 5, -10)],
    ];
    const section = (from: number, to: number) => ({ from: { stdout: from }, to: { stdout: to } });
    expect(eventsOf(facts, { ...over, exitCode: 7 })).toMatchObject([
      { type: "step_ended", step: 1, exitCode: 0, ...section(0, 9) },
      { type: "step_ended", step: 2, exitCode: 0, ...section(9, 9) },
      { type: "step_ended", step: 3, exitCode: 7, ...section(9, 9), endedAt: NOW - 1000 },
    ]);
    const { attempt } = told([started(1, 9700), ended(1, 0, 5)]);
    const emptied = { ...BOUNDS, sizes: { stdout: 2, stderr: 0 } };
    const later = stepEvents(attempt, read([started(2, 9800), ended(2, 4, 2)]), NOW, null, emptied);
    expect(later).toMatchObject([{ type: "step_ended", step: 2, exitCode: 4, ...section(5, 5) }]);
  });

  it("is a step that a step skips while it is under way", () => {
    expect(eventsOf([started(1, 9700), skipped(1), skipped(2)])).toMatchObject([{ type: "step_started" }]);
  });

  it.each([
    ["that is to come", started(1, 99_999_999), 9e14],
    ["of before there was time", started(1, -9e14), 9e14],
  ])("is brought to a time that can be: a start %s", (_what, start, took) => {
    const [event] = eventsOf([start, ended(1, 0, 5, took)]);
    if (event?.type !== "step_ended") throw new Error("the step has ended");
    expect(event.startedAt).toBeGreaterThanOrEqual(T0);
    expect(event.endedAt).toBeGreaterThanOrEqual(event.startedAt);
    expect(event.endedAt).toBeLessThanOrEqual(NOW);
  });

  it("keeps no run from its end: what can not follow is left out of what is recorded", () => {
    const { story } = told(first);
    const drive = new Drive(story.state, false);
    const again = stepEvents(fresh, read([...first, started(2, 9900)]), NOW, null, BOUNDS);
    expect(drive.withSteps(again).events).toMatchObject([{ type: "step_started", step: 2 }]);
    const next = stepEvents(story.state.attempts[0] ?? fresh, read([started(2, 9900)]), NOW, null, BOUNDS);
    const { events, attempt } = drive.withSteps([...next, ...again]);
    expect(events).toEqual(next);
    expect(attempt.steps).toHaveLength(2);
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
    const fork =
      "what its delivery is about is, or may be, from a fork, so the run has no secrets, and no token";
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

describe("what was read of both streams at once", () => {
  const ends = (...all: [stdout: number, stderr: number][]) =>
    all.map(([stdout, stderr]) => ({ to: { stdout, stderr } }));
  const pieces = (
    steps: Parameters<typeof piecesOf>[0],
    stdout: [from: number, to: number, hasMore?: boolean],
    stderr: [from: number, to: number, hasMore?: boolean],
  ) => {
    const atHand = ([from, to, hasMore = false]: typeof stdout) => ({ from, to, hasMore });
    const found = piecesOf(steps, { stdout: atHand(stdout), stderr: atHand(stderr) });
    return found.map(({ stream, from, to }) => `${stream.slice(3)} ${from}-${to}`).join(", ");
  };

  it("is stored in the order of the steps that wrote it", () => {
    expect(pieces(ends([4, 2], [8, 5]), [0, 8], [0, 5])).toBe("out 0-4, err 0-2, out 4-8, err 2-5");
    expect(pieces(ends([4, 2], [8, 2], [8, 9]), [1, 12], [2, 12])).toBe(
      "out 1-8, err 2-9, out 8-12, err 9-12",
    );
  });

  it("is cut only where both streams have something of two steps", () => {
    expect(pieces([], [3, 9], [0, 4])).toBe("out 3-9, err 0-4");
    expect(pieces([{ to: null }], [3, 9], [0, 4])).toBe("out 3-9, err 0-4");
    expect(pieces(ends([4, 0], [8, 0], [9, 0]), [0, 9], [0, 0])).toBe("out 0-9");
    expect(pieces(ends([4, 0], [8, 0]), [0, 8], [0, 3])).toBe("out 0-8, err 0-3");
    expect(pieces(ends([0, 3], [8, 3]), [0, 8], [0, 3])).toBe("err 0-3, out 0-8");
    expect(pieces(ends([4, 4], [8, 8], [9, 9]), [8, 9], [8, 9])).toBe("out 8-9, err 8-9");
  });

  it("is left for a later read where a step before it has yet to be read", () => {
    const steps = ends([100, 2], [110, 5]);
    expect(pieces(steps, [0, 60, true], [0, 5])).toBe("out 0-60, err 0-2");
    expect(pieces(steps, [60, 110, true], [2, 5])).toBe("out 60-110, err 2-5");
    expect(pieces(steps, [0, 100], [0, 1, true])).toBe("out 0-100, err 0-1");
    // What could become a secret is held back, and can be so for as long as the run lasts.
    expect(pieces(steps, [0, 99], [0, 5])).toBe("out 0-99, err 0-5");
  });
});
