import { describe, expect, it } from "vitest";
import { overlappedPhases } from "./overlapped-phases.ts";
import { report } from "./report.ts";
import { simulate } from "./simulate.ts";

const SLICES = 8;
const SEEDS_OF_A_SLICE = 250;
/** What was in the stories of all slices together. */
const [endings, retried, kinds] = [new Set<string>(), new Set<string>(), new Set<string>()];
const [overlapped, fired] = [new Set<string>(), new Set<string>()];

function note({ trace, faults }: Awaited<ReturnType<typeof simulate>>): void {
  for (const line of trace) {
    const ending = /is (\w+) for (\w+)$/.exec(line);
    if (ending) endings.add(ending[2] ?? "");
    const firing = / due at \d+ is (\w+)/.exec(line);
    if (firing) fired.add(firing[1] ?? "");
    const failure = / attempt_failed for (\w+),/.exec(line);
    if (failure) retried.add(failure[1] ?? "");
  }
  for (const phase of overlappedPhases(trace)) overlapped.add(phase);
  for (const fault of faults) kinds.add(fault.replace(/ #\d+$/, ""));
}

describe("runs in a simulated world of faults", () => {
  for (let slice = 0; slice < SLICES; slice++) {
    const [first, last] = [slice * SEEDS_OF_A_SLICE + 1, (slice + 1) * SEEDS_OF_A_SLICE];
    it(`keep every promise in seeds ${first} to ${last}`, { timeout: 120_000 }, async () => {
      for (let seed = first; seed <= last; seed++) {
        const played = await simulate(seed);
        if (played.violation !== null) expect.fail(await report(played));
        note(played);
      }
    });
  }

  it("have had every ending, every retry, every fault and every way to ask for one in them by then", () => {
    const failures = [
      "exit_code",
      "image_unavailable",
      "launch_refused",
      "machine_lost",
      "no_capacity",
      "out_of_memory",
      "signal",
      "timed_out",
    ];
    expect([...retried].sort()).toEqual(failures);
    const cancels = ["cancelled_by_user", "superseded", "dropped", "expired"];
    expect([...endings].sort()).toEqual([...cancels, ...failures, "nothing"].sort());
    // Old code goes on beside new code in each phase of a retry.
    const phases = [
      "attempt_failed",
      "machine_released",
      "attempt_planned",
      "machine_created",
      "machine_started",
    ];
    expect([...overlapped]).toEqual(
      expect.arrayContaining([...phases, "create_uncertain", "cancel_requested"]),
    );
    expect([...fired].sort()).toEqual(["armed", "caught_up", "missed", "paused", "ran", "skipped"]);
    // What needs much to come about: output for the blob store, drivers beside each other, a run and a machine asked for twice.
    for (const kind of [
      "large output",
      "second deploy",
      "repeated submission",
      "create delivered twice",
      "a re-run",
      "cancel by a filter",
      "a secret too large for one call",
      "secrets broken off",
      "old key taken away too soon",
      "tick left out",
      "late tick",
      "second tick",
      "tick by a wrong clock",
      "change of a job while a tick decides",
      "lost alarm of a timekeeper",
      "late alarm of a timekeeper",
      "second alarm of a timekeeper",
      "a deleted job comes back",
      "backfill",
      "run now",
      "clocks change",
      "a punctual schedule",
      "a circle of jobs",
      "a chained job is deleted",
      "a delivery comes twice at once",
      "a delivery of several refs",
      "a forged delivery",
      "lost wake of a notifier",
      "second alarm of a notifier",
      "a subscriber dies after taking a notification",
      "a subscriber that is gone",
      "a commit's API is down",
    ])
      expect(kinds).toContain(kind);
    expect(kinds.size).toBeGreaterThan(200);
  });
});

describe("a seed", () => {
  it("gives the same story each time, byte for byte", async () => {
    for (const seed of [1, 2, 3, 28, 71, 500, 1999]) {
      const [first, second] = [await simulate(seed), await simulate(seed)];
      expect(first.trace.length).toBeGreaterThan(5);
      expect(second).toEqual(first);
    }
  });

  it("without one of its faults is the same story up to where that came about", async () => {
    const whole = await simulate(12);
    const fault = whole.faults.at(-1) ?? "";
    const without = await simulate(12, new Set([fault]));
    expect(without.faults.slice(0, whole.faults.length - 1)).toEqual(whole.faults.slice(0, -1));
    expect(without.faults).not.toContain(fault);
  });
});
