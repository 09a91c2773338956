import { describe, expect, it } from "vitest";
import type { AttemptFailed, RunEvent, Settled } from "../../src/core/event.ts";
import { guestComplaint, nextSize } from "../../src/core/guest.ts";
import { CAPACITY_REFUSALS_MAX, PLATFORM_FAILURES_MAX } from "../../src/core/limits.ts";
import { CANCELLED, type Ending, failed, timedOut } from "../../src/core/outcome.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { backoffMs, DEFAULT_RETRY, endOfAttempt, RETRY_REASONS } from "../../src/core/retry.ts";
import type { Exit } from "../../src/core/run.ts";
import type { Guest, RetryPolicy, RetryRule, RunSpec } from "../../src/core/run-spec.ts";
import { aRunningRun, aStartingRun, followedBy, type Story, T0 } from "../support/a-run.ts";

const NOTHING = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
const EXIT: Exit = { code: 1, signal: null, oomKilled: false };
const steady = { initialMs: 1000, factor: 2, maxMs: 60_000, jitter: 0 };

const policy = (change: Partial<RetryPolicy> = {}): RetryPolicy => ({
  ...DEFAULT_RETRY,
  backoff: steady,
  ...change,
});
const rule = (change: Partial<RetryRule>): RetryRule => ({
  reasons: [],
  exitCodes: [],
  signals: [],
  do: "same_size",
  waitMs: null,
  ...change,
});

const end = (story: Story, ending: Ending, exit: Exit | null = EXIT, at = T0 + 5000) =>
  endOfAttempt(story.state, ending, exit, NOTHING, at);

/** The story once the failure is recorded and, where it is retried, the machine is gone and the next attempt runs. */
function afterFailure(story: Story, ending: Ending, exit: Exit | null = EXIT, at = T0 + 5000) {
  const event = end(story, ending, exit, at);
  if (event.type === "settled") return { event, story: followedBy(story, event) };
  const gone = followedBy(story, event, { type: "machine_released", at, attempt: event.attempt, events: [] });
  return { event, story: followedBy(gone, planAttempt(gone.state, null, event.next.at)) };
}

const running = (story: Story): Story => {
  const attempt = story.state.attempts.length;
  const at = story.state.run.updatedAt;
  const created: RunEvent = {
    type: "machine_created",
    at,
    attempt,
    machineId: `m${attempt}`,
    region: "ams",
    adopted: false,
  };
  return followedBy(story, created, { type: "machine_started", at, attempt });
};

/** What happens each time an attempt ends so, until the run is settled. */
function untilSettled(first: Story, ending: Ending, exit: Exit | null = EXIT, hasMachine = true) {
  const events: (AttemptFailed | Settled)[] = [];
  let story = first;
  for (let at = T0 + 5000; events.length < 100; ) {
    const next = afterFailure(story, ending, exit, at);
    events.push(next.event);
    if (next.event.type === "settled") return events;
    at = next.event.next.at;
    story = hasMachine ? running(next.story) : next.story;
  }
  throw new Error("it goes on for ever");
}

const EXITED = failed("exit_code", "the command exited with 1");
const LOST = failed("machine_lost", "gone");
const NO_ROOM = failed("no_capacity", "no host");
const LATE_BOOT = timedOut("boot", 120_000, "the machine was not started");

describe("where no rule fits", () => {
  const endings: Record<string, Ending> = {
    exit_code: EXITED,
    signal: failed("signal", "SIGTERM"),
    out_of_memory: failed("out_of_memory", "256 MB"),
    "timed_out (run)": timedOut("run", 1000, "still running"),
    "timed_out (boot)": LATE_BOOT,
    "timed_out (queue)": timedOut("queue", 1000, "no machine"),
    "timed_out (step)": timedOut("step", 1000, "still running"),
    command_not_found: failed("command_not_found", "no such"),
    git_missing: failed("git_missing", "no git"),
    checkout_failed: failed("checkout_failed", "no such commit"),
    no_capacity: NO_ROOM,
    image_unavailable: failed("image_unavailable", "no"),
    launch_refused: failed("launch_refused", "no"),
    machine_lost: LOST,
  };
  it("there is an example of every reason", () => {
    expect(new Set(Object.values(endings).map(({ reason }) => reason))).toEqual(new Set(RETRY_REASONS));
  });

  const retriedBy: [attempts: number, names: string[]][] = [
    [1, ["timed_out (boot)", "no_capacity", "machine_lost"]],
    [
      2,
      [
        "exit_code",
        "signal",
        "out_of_memory",
        "checkout_failed",
        "timed_out (boot)",
        "no_capacity",
        "machine_lost",
      ],
    ],
  ];
  for (const [attempts, names] of retriedBy)
    for (const [name, ending] of Object.entries(endings))
      it(`${names.includes(name) ? "retries" : "does not retry"} ${name} with attempts: ${attempts}`, () => {
        const { type } = end(aRunningRun({ retry: policy({ attempts }) }), ending);
        expect(type).toBe(names.includes(name) ? "attempt_failed" : "settled");
      });

  it("retries on a machine of the same size in the same place", () => {
    const event = end(aRunningRun({ retry: policy({ attempts: 2 }), regions: ["ams", "fra"] }), EXITED);
    expect(event).toMatchObject({
      next: { at: T0 + 6000, guest: { cpus: 1, memoryMb: 256 }, region: "ams" },
    });
  });
});

describe("who pays for a failure", () => {
  it("the job's own failures use its attempts up, and then the run says so", () => {
    const events = untilSettled(aRunningRun({ retry: policy({ attempts: 3 }) }), EXITED);
    expect(events.map(({ type }) => type)).toEqual(["attempt_failed", "attempt_failed", "settled"]);
    expect(events.at(-1)?.detail).toBe("the command exited with 1; all 3 attempts are used up");
  });

  it("a lost machine or a slow boot uses none of them up, and has a bound of its own", () => {
    const lost = untilSettled(aRunningRun({ retry: policy({ attempts: 1 }) }), LOST, null);
    expect(lost).toHaveLength(PLATFORM_FAILURES_MAX);
    expect(lost.at(-1)?.detail).toBe("gone; 5 machines failed, which is as many as a run tries");
    let story = aRunningRun({ retry: policy({ attempts: 2 }) });
    for (const ending of [LOST, LATE_BOOT, LOST]) story = running(afterFailure(story, ending, null).story);
    const own = afterFailure(story, EXITED);
    expect(own.event.type).toBe("attempt_failed");
    expect(end(running(own.story), EXITED).type).toBe("settled");
  });

  it("want of room uses neither up, and ends at the queue limit or at its own bound", () => {
    const patient = untilSettled(aStartingRun({ retry: policy() }), NO_ROOM, null, false);
    const last = patient.at(-1);
    expect(last).toMatchObject({ reason: "no_capacity" });
    expect(last?.at).toBeLessThan(T0 + 3_600_000);
    expect(last?.detail).toBe(
      `no host; ${CAPACITY_REFUSALS_MAX} creates were refused, which is as many as a run tries`,
    );
    const timeouts = { queueMs: 20_000, bootMs: 1000, runMs: 1000, stopMs: 1000 };
    const short = untilSettled(aStartingRun({ retry: policy(), timeouts }), NO_ROOM, null, false);
    expect(short.at(-1)?.detail).toBe("no host; the next try would be after the queue limit of 20s");
    expect(short.at(-1)?.at).toBeLessThan(T0 + 20_000);
  });

  it("after a machine was had the queue limit counts anew, from the time of the retry", () => {
    const timeouts = { queueMs: 20_000, bootMs: 1000, runMs: 1000, stopMs: 1000 };
    const late = T0 + 1_000_000;
    const lost = afterFailure(aRunningRun({ retry: policy(), timeouts }), LOST, null, late);
    expect(end(lost.story, NO_ROOM, null, late + 2000).type).toBe("attempt_failed");
    expect(end(lost.story, NO_ROOM, null, late + 30_000).type).toBe("settled");
  });

  it("nobody's: a cancel is not retried, nor what fails once it was asked for", () => {
    const generous = policy({ attempts: 5, rules: [rule({ reasons: [...RETRY_REASONS] })] });
    const asked = followedBy(aRunningRun({ retry: generous }), { type: "cancel_requested", at: T0 + 3000 });
    expect(end(asked, CANCELLED)).toMatchObject({ type: "settled", status: "cancelled" });
    expect(end(asked, LOST)).toMatchObject({ type: "settled", status: "failed", reason: "machine_lost" });
  });
});

describe("a rule", () => {
  const withRules = (...rules: RetryRule[]) => aRunningRun({ retry: policy({ attempts: 2, rules }) });
  const isRetried = (story: Story, ending: Ending, exit: Exit | null = EXIT) =>
    end(story, ending, exit).type === "attempt_failed";

  it("is for the failures that any of its lists names", () => {
    const stop = withRules(
      rule({ reasons: ["machine_lost"], exitCodes: [64, 65], signals: ["SIGTERM"], do: "stop" }),
    );
    const code = (code: number) => ({ ...EXIT, code });
    expect(isRetried(stop, LOST, null)).toBe(false);
    expect(isRetried(stop, EXITED, code(65))).toBe(false);
    expect(isRetried(stop, EXITED, code(66))).toBe(true);
    const byTerm = { code: 143, signal: "SIGTERM", oomKilled: false };
    expect(isRetried(stop, failed("signal", "SIGTERM"), byTerm)).toBe(false);
  });

  it("goes by a code or a signal only where the command ended of its own", () => {
    const retry = withRules(rule({ exitCodes: [143], signals: ["SIGTERM"] }));
    const byTerm = { code: 143, signal: "SIGTERM", oomKilled: false };
    expect(isRetried(retry, timedOut("run", 1000, "still running"), byTerm)).toBe(false);
    expect(isRetried(withRules(rule({ exitCodes: [127] })), failed("command_not_found", "no"), code127)).toBe(
      true,
    );
  });
  const code127 = { code: 127, signal: null, oomKilled: false };

  it("comes before those after it", () => {
    expect(isRetried(withRules(rule({ exitCodes: [1], do: "stop" }), rule({ exitCodes: [1] })), EXITED)).toBe(
      false,
    );
    expect(isRetried(withRules(rule({ exitCodes: [1] }), rule({ exitCodes: [1], do: "stop" })), EXITED)).toBe(
      true,
    );
  });

  it("can retry what is usually not, at the job's cost, and stop what usually is", () => {
    const late = timedOut("run", 1000, "still running");
    const story = withRules(rule({ reasons: ["timed_out", "launch_refused"] }));
    expect(isRetried(story, late)).toBe(true);
    expect(isRetried(running(afterFailure(story, late).story), late)).toBe(false);
    expect(isRetried(withRules(rule({ reasons: ["no_capacity"], do: "stop" })), NO_ROOM, null)).toBe(false);
  });

  it("can not go beyond the queue limit", () => {
    const story = withRules(rule({ reasons: ["timed_out"] }));
    expect(isRetried(story, timedOut("queue", 1000, "no machine"))).toBe(false);
  });

  it("with a wait takes the place of the backoff", () => {
    const story = withRules(
      rule({ exitCodes: [1], waitMs: 45_000 }),
      rule({ reasons: ["no_capacity"], waitMs: 7 }),
    );
    expect(end(story, EXITED)).toMatchObject({ next: { at: T0 + 50_000 } });
    expect(end(story, NO_ROOM, null)).toMatchObject({ next: { at: T0 + 5007 } });
  });

  it("next_size doubles the memory each time, and says where there is no more", () => {
    const retry = policy({ attempts: 9, rules: [rule({ reasons: ["out_of_memory"], do: "next_size" })] });
    const events = untilSettled(aRunningRun({ retry }), failed("out_of_memory", "too little"));
    const sizes = events.flatMap((event) => (event.type === "attempt_failed" ? [event.next.guest] : []));
    expect(sizes.map(({ memoryMb, cpus }) => [memoryMb, cpus])).toEqual([
      [512, 1],
      [1024, 1],
      [2048, 1],
      [4096, 2],
      [8192, 4],
      [16384, 8],
    ]);
    expect(events.at(-1)?.detail).toBe("too little; there is no larger size of shared CPUs");
  });

  it("next_region goes on after the last region with the first", () => {
    const retry = policy({ attempts: 9, rules: [rule({ reasons: ["exit_code"], do: "next_region" })] });
    const regions = (spec: Partial<RunSpec>) =>
      untilSettled(aRunningRun({ retry, ...spec }), EXITED)
        .flatMap((event) => (event.type === "attempt_failed" ? [event.next.region] : []))
        .slice(0, 4);
    expect(regions({ regions: ["ams", "fra", "ams", "eu"] })).toEqual(["fra", "eu", "ams", "fra"]);
    expect(regions({ regions: ["ams"] })).toEqual(["ams", "ams", "ams", "ams"]);
    expect(regions({})).toEqual([null, null, null, null]);
  });
});

describe("want of room", () => {
  it("walks the region list without a pause, and pauses after each round, longer each time", () => {
    const spec = { retry: policy(), regions: ["ams", "fra", "eu"] };
    const events = untilSettled(aStartingRun(spec), NO_ROOM, null, false);
    const steps = events.flatMap((event) =>
      event.type === "attempt_failed" ? [[event.next.region, event.next.at - event.at]] : [],
    );
    expect(steps.slice(0, 7)).toEqual([
      ["fra", 0],
      ["eu", 0],
      ["ams", 1000],
      ["fra", 0],
      ["eu", 0],
      ["ams", 2000],
      ["fra", 0],
    ]);
  });

  it("is not asked again at once where a run has no backoff", () => {
    const backoff = { initialMs: 0, factor: 1, maxMs: 0, jitter: 0 };
    const story = aStartingRun({ retry: policy({ backoff }) });
    expect(end(story, NO_ROOM, null)).toMatchObject({ next: { at: T0 + 6000 } });
  });
});

describe("a backoff", () => {
  it("grows by its factor up to its most", () => {
    expect([1, 2, 3, 7, 8].map((times) => backoffMs(steady, times, "x"))).toEqual([
      1000, 2000, 4000, 60_000, 60_000,
    ]);
  });

  it("leaves out at most its jitter, and the same for the same attempt", () => {
    const jittery = { ...steady, jitter: 0.4 };
    const pauses = Array.from({ length: 200 }, (_, index) => backoffMs(jittery, 3, `machine-${index}`));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(2400);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(4000);
    expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(1000);
    expect(backoffMs(jittery, 3, "machine-7")).toBe(pauses[7]);
  });
});

describe("the next size", () => {
  const guest = (cpuKind: Guest["cpuKind"], cpus: number, memoryMb: number): Guest => ({
    cpuKind,
    cpus,
    memoryMb,
  });

  it("is one that Fly takes, whatever size it follows", () => {
    for (const kind of ["shared", "performance"] as const)
      for (let cpus = 1; cpus <= 16; cpus++)
        for (let memoryMb = 256; memoryMb <= 131_072; memoryMb += 256) {
          const before = guest(kind, cpus, memoryMb);
          if (guestComplaint(before) !== null) continue;
          const after = nextSize(before);
          if (after === null) continue;
          expect(guestComplaint(after)).toBeNull();
          expect(after.memoryMb).toBeGreaterThan(memoryMb);
          expect(after.memoryMb).toBeLessThanOrEqual(2 * memoryMb);
          expect(after.cpus).toBeGreaterThanOrEqual(cpus);
        }
  });

  it("is at most the largest of its kind", () => {
    expect(nextSize(guest("shared", 8, 12_288))).toEqual(guest("shared", 8, 16_384));
    expect(nextSize(guest("shared", 8, 16_384))).toBeNull();
    expect(nextSize(guest("performance", 16, 131_072))).toBeNull();
  });
});
