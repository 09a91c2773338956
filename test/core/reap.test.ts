import { describe, expect, it } from "vitest";
import { attemptOfMachine, machineName } from "../../src/core/id.ts";
import { REAP_SEEN_BEFORE_MS, REAP_UNKNOWN_RUN_AGE_MS } from "../../src/core/limits.ts";
import { isReapable, judge, type RunClaim, UNKNOWN_WHYS, type Verdict } from "../../src/core/reap.ts";
import { aRunId, T0 } from "../support/a-run.ts";

type Attempts = RunClaim["attempts"];
const asked = (number: number) => ({ number, machineId: null, releasedAt: null });
const made = (number: number, machineId = "m1") => ({ number, machineId, releasedAt: null });
const released = (number: number, machineId: string | null = "m1") => ({ number, machineId, releasedAt: T0 });
const open = (...attempts: Attempts): RunClaim => ({ open: true, attempts });
const over = (...attempts: Attempts): RunClaim => ({ open: false, attempts });

describe("whose a machine is", () => {
  const ROWS: [name: string, claim: RunClaim | null, attempt: number | null, why: Verdict["why"]][] = [
    ["its attempt is about to ask for it", open(asked(1)), 1, "attempt_under_way"],
    ["its attempt has it", open(made(1)), 1, "attempt_under_way"],
    ["its attempt is the last of several", open(released(1, "m0"), made(2)), 2, "attempt_under_way"],
    ["its attempt has another machine", open(made(1, "m2")), 1, "other_machine"],
    ["its attempt is over, and waits for a retry", open(released(1)), 1, "attempt_is_over"],
    ["its attempt was given up without a machine", open(released(1, null)), 1, "attempt_is_over"],
    ["another attempt has followed", open(released(1), asked(2)), 1, "attempt_is_over"],
    [
      "another attempt has followed, and nobody wrote that it is over",
      open(made(1), made(2, "m2")),
      1,
      "attempt_is_over",
    ],
    ["its run never had such an attempt", open(made(1, "m0")), 2, "attempt_is_unknown"],
    ["its run has no attempt", open(), 1, "attempt_is_unknown"],
    ["its run is over", over(made(1)), 1, "run_is_over"],
    ["its run is over and never had it", over(asked(1)), 1, "run_is_over"],
    ["its run is over and had no such attempt", over(made(1)), 5, "run_is_over"],
    ["there is no such run", null, 1, "run_is_unknown"],
    ["its name tells of no run", null, null, "run_is_unknown"],
    ["its name tells of no attempt", open(made(1)), null, "run_is_unknown"],
  ];

  it.each(ROWS)("where %s", (_name, claim, attempt, why) => {
    const known = !(UNKNOWN_WHYS as readonly string[]).includes(why);
    for (const state of ["created", "starting", "started", "stopping", "stopped", "failed", "other"] as const)
      expect(judge({ id: "m1", state }, attempt, claim)).toEqual({ known, why });
    // What is on its way out needs nobody.
    for (const state of ["destroying", "destroyed"] as const)
      expect(judge({ id: "m1", state }, attempt, claim)).toEqual({ known: true, why: "leaving" });
  });
});

describe("a machine that is nobody's", () => {
  const now = T0 + 3_600_000;
  const old = { createdAt: T0 };

  it.each(UNKNOWN_WHYS)("(%s) is not destroyed by the sweep that finds it, nor by one soon after", (why) => {
    expect(isReapable(why, old, null, now)).toBe(false);
    expect(isReapable(why, old, now, now)).toBe(false);
    expect(isReapable(why, old, now - REAP_SEEN_BEFORE_MS + 1, now)).toBe(false);
    expect(isReapable(why, old, now - REAP_SEEN_BEFORE_MS, now)).toBe(true);
  });

  it("waits where the clock was turned back", () => {
    expect(isReapable("run_is_over", old, now + 60_000, now)).toBe(false);
  });

  it("of a run or schedule that is not stored is destroyed when it is old, and any other at any age", () => {
    const mayBeElsewhere = ["run_is_unknown", "schedule_is_unknown"] as const;
    const seenAt = now - REAP_SEEN_BEFORE_MS;
    const young = { createdAt: now - REAP_UNKNOWN_RUN_AGE_MS + 1 };
    for (const why of UNKNOWN_WHYS)
      expect([why, isReapable(why, young, seenAt, now)]).toEqual([
        why,
        !mayBeElsewhere.some((one) => one === why),
      ]);
    const old = { createdAt: now - REAP_UNKNOWN_RUN_AGE_MS };
    for (const why of mayBeElsewhere) expect(isReapable(why, old, seenAt, now)).toBe(true);
  });

  it("of no age known is as old as it is known", () => {
    const unknownAge = { createdAt: null };
    expect(isReapable("run_is_unknown", unknownAge, now - REAP_UNKNOWN_RUN_AGE_MS + 1, now)).toBe(false);
    expect(isReapable("run_is_unknown", unknownAge, now - REAP_UNKNOWN_RUN_AGE_MS, now)).toBe(true);
  });
});

describe("a machine's name", () => {
  it("tells of the attempt that it was made from", () => {
    const runId = aRunId();
    for (const attempt of [1, 2, 17])
      expect(attemptOfMachine(machineName(runId, attempt))).toEqual({ runId, attempt });
  });

  it.each([
    "",
    "mayfly",
    "my-mayfly-01jd0k3v7c9q2m8w5x4y6z7a8b-1",
    "mayfly-01jd0k3v7c9q2m8w5x4y6z7a8b",
    "mayfly-01jd0k3v7c9q2m8w5x4y6z7a8b-0",
    "mayfly-01jd0k3v7c9q2m8w5x4y6z7a8b-01",
    "mayfly-01jd0k3v7c9q2m8w5x4y6z7a8b-1x",
    "mayfly-zzzzzzzzzzzzzzzzzzzzzzzzzz-1",
  ])("of another form (%j) tells of none", (name) => {
    expect(attemptOfMachine(name)).toBeNull();
  });
});
