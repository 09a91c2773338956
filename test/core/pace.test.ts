import { describe, expect, it } from "vitest";
import { LAUNCH_AHEAD_MAX_MS, LAUNCH_BURST, LAUNCH_HORIZON_MS } from "../../src/core/limits.ts";
import {
  type AppPace,
  afterRefusal,
  afterTaking,
  launchAt,
  launchDueAt,
  launchExpectedAt,
  launchesWithinHorizon,
  launchIntervalMs,
  nextApp,
  nextLaunchTryAt,
} from "../../src/core/pace.ts";
import { aStartingRun, T0 } from "../support/a-run.ts";
import { seededRandom } from "../support/seeded-random.ts";

const INTERVAL_MS = 1000;
/** What Fly takes (docs: Working with the Machines API). */
const FLY = { perSecond: 1, burst: 3 };

/** The times of launches that are taken at these moments, one after the other, from one bucket. */
function launches(takenAt: number[], intervalMs = INTERVAL_MS): number[] {
  let pace: AppPace | null = null;
  return takenAt.map((now) => {
    pace = afterTaking(pace, intervalMs, now);
    return launchAt(pace, intervalMs);
  });
}

/** How many of these calls Fly answers 429: its bucket has three, and one comes back each second. */
function refusedByFly(calls: number[]): number {
  let tokens = FLY.burst;
  let at = 0;
  let refused = 0;
  for (const call of calls.toSorted((a, b) => a - b)) {
    tokens = Math.min(FLY.burst, tokens + ((call - at) / 1000) * FLY.perSecond);
    at = call;
    if (tokens < 1) refused += 1;
    else tokens -= 1;
  }
  return refused;
}

describe("an app's bucket", () => {
  it("gives two launches at once and then one each second", () => {
    expect(launches([T0, T0, T0, T0, T0])).toEqual([T0, T0, T0 + 1000, T0 + 2000, T0 + 3000]);
  });

  it("is full again after a rest, and no fuller", () => {
    const later = T0 + 100_000;
    expect(launches([T0, T0, T0, later, later, later])).toEqual([
      T0,
      T0,
      T0 + 1000,
      later,
      later,
      later + 1000,
    ]);
  });

  it("never gives more launches than its burst and what came back meanwhile, in any stretch of time, however they are taken", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const intervalMs = launchIntervalMs([1, 0.3, 7][seed % 3] ?? 1);
      let now = T0;
      const moments = Array.from({ length: 60 }, () => {
        now += random() < 0.5 ? 0 : Math.floor(random() ** 4 * 20_000);
        return now;
      });
      const times = launches(moments, intervalMs);
      for (const [index, moment] of moments.entries())
        expect(times[index], `seed ${seed}`).toBeGreaterThanOrEqual(moment);
      for (let from = 0; from < times.length; from++)
        for (let to = from; to < times.length; to++) {
          const stretchMs = (times[to] ?? 0) - (times[from] ?? 0);
          expect(to - from + 1, `seed ${seed}`).toBeLessThanOrEqual(LAUNCH_BURST + stretchMs / intervalMs);
        }
    }
  });

  it("has one to spare for calls that arrive up to a second late, which Fly never refuses", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const times = launches(
        Array.from({ length: 60 }, () => T0),
        INTERVAL_MS,
      );
      const arrivals = times.map((time) => time + random() * 999);
      expect(refusedByFly(arrivals), `seed ${seed}`).toBe(0);
    }
  });

  it("is empty once the app has refused a create, whatever it was thought to have", () => {
    const full = afterRefusal(null, INTERVAL_MS, T0);
    expect(launchAt(afterTaking(full, INTERVAL_MS, T0), INTERVAL_MS)).toBe(T0 + 1000);
    const busy: AppPace = { nextAt: T0 + 60_000, takenAt: T0 };
    expect(afterRefusal(busy, INTERVAL_MS, T0).nextAt).toBe(T0 + 60_000);
  });

  it("does not stand still for a clock that was an hour ahead, and keeps what was taken", () => {
    const hour = 3_600_000;
    const ahead = afterTaking({ nextAt: T0 + 30_000, takenAt: T0 }, INTERVAL_MS, T0 + hour);
    const next = afterTaking(ahead, INTERVAL_MS, T0 + 5);
    expect(launchAt(next, INTERVAL_MS)).toBe(T0 + 5);
    const queue: AppPace = { nextAt: T0 + hour + 30_000, takenAt: T0 + hour };
    expect(launchAt(afterTaking(queue, INTERVAL_MS, T0), INTERVAL_MS)).toBe(T0 + 29_000);
  });

  it("counts on by a clock that is a little behind the one before", () => {
    const before: AppPace = { nextAt: T0 + 5000, takenAt: T0 + 40 };
    expect(afterTaking(before, INTERVAL_MS, T0)).toEqual({ nextAt: T0 + 6000, takenAt: T0 });
  });

  it("gives nothing away further ahead than a run can wait", () => {
    const far: AppPace = { nextAt: T0 + LAUNCH_AHEAD_MAX_MS, takenAt: T0 };
    expect(afterTaking(far, INTERVAL_MS, T0).nextAt).toBe(T0 + LAUNCH_AHEAD_MAX_MS);
  });
});

describe("launches over several apps", () => {
  it("go to the app whose bucket is fullest, and of full ones to the first", () => {
    const paces = new Map<string, AppPace>();
    const taken = Array.from({ length: 7 }, () => {
      const app = nextApp(["a", "b", "c"], paces, T0);
      const pace = afterTaking(paces.get(app) ?? null, INTERVAL_MS, T0);
      paces.set(app, pace);
      return [app, launchAt(pace, INTERVAL_MS) - T0];
    });
    expect(taken).toEqual([
      ["a", 0],
      ["b", 0],
      ["c", 0],
      ["a", 0],
      ["b", 0],
      ["c", 0],
      ["a", 1000],
    ]);
  });
});

describe("launches within the horizon", () => {
  const S = INTERVAL_MS;
  const ofIdle = LAUNCH_BURST + LAUNCH_HORIZON_MS / S;
  const nextAt = (inMs: number): AppPace => ({ nextAt: T0 + inMs, takenAt: T0 });

  it("are those that can be taken one after the other before one lies beyond it", () => {
    for (const before of [null, nextAt(-5000), nextAt(0), nextAt(700), nextAt(12_345), nextAt(90_000)]) {
      let pace = before;
      let taken = 0;
      for (;;) {
        pace = afterTaking(pace, S, T0);
        if (launchAt(pace, S) > T0 + LAUNCH_HORIZON_MS) break;
        taken += 1;
      }
      expect(launchesWithinHorizon([before], S, T0)).toBe(taken);
    }
    expect(launchesWithinHorizon([null, nextAt(90_000), null], S, T0)).toBe(2 * ofIdle);
    expect(launchesWithinHorizon([], S, T0)).toBe(0);
  });

  it("tell who stands in line when to try again: now, or the first once the next comes, and nobody who gives up before", () => {
    const far = T0 + 1e9;
    const full = [nextAt(40_000), nextAt(41_500)];
    expect(launchesWithinHorizon(full, S, T0)).toBe(0);
    const at = nextLaunchTryAt(full, 0, S, T0, far) ?? 0;
    expect(at).toBe(T0 + 40_000 + S - LAUNCH_BURST * S - LAUNCH_HORIZON_MS);
    expect(launchesWithinHorizon(full, S, at - 1)).toBe(0);
    expect(launchesWithinHorizon(full, S, at)).toBe(1);
    expect(nextLaunchTryAt(full, 1, S, T0, far)).toBeNull();
    expect(nextLaunchTryAt(full, 0, S, T0, T0 + 39_000)).toBeNull();
    expect(nextLaunchTryAt([null], ofIdle - 1, S, T0, far)).toBe(T0);
    expect(nextLaunchTryAt([null], ofIdle, S, T0, far)).toBeNull();
    expect(nextLaunchTryAt([null], 0, S, T0, T0)).toBeNull();
  });

  it("tell about when a run is launched that has so many before it", () => {
    expect(launchExpectedAt(0, 1, S, T0)).toBe(T0 + LAUNCH_HORIZON_MS + S);
    expect(launchExpectedAt(99, 20, S, T0)).toBe(T0 + LAUNCH_HORIZON_MS + 5 * S);
  });
});

describe("the interval", () => {
  it("is rounded up, so that a pace is never passed", () => {
    expect(launchIntervalMs(1)).toBe(1000);
    expect(launchIntervalMs(3)).toBe(334);
    expect(launchIntervalMs(0.1)).toBe(10_000);
  });
});

describe("the time of a launch", () => {
  const { run, attempts } = aStartingRun({}, { app: "a", at: T0 + 60_000 }).state;
  const [attempt] = attempts;
  if (!attempt) throw new Error("a starting run has an attempt");

  it("is what was kept for it, unless the clock that stored it was far ahead", () => {
    expect(launchDueAt(run, attempt, T0)).toBe(T0 + 60_000);
    expect(launchDueAt(run, attempt, T0 - 50_000)).toBe(T0 + 60_000);
    expect(launchDueAt(run, attempt, T0 - 3_600_000)).toBe(T0 - 3_600_000);
  });
});
