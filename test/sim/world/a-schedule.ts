/** Jobs and schedules of simulated callers: few due times each, so that a seed has an end. */

import type { RunSpec } from "../../../src/core/run-spec.ts";
import { CATCH_UP_MODES, OVERLAPS, type Rule, type Timing } from "../../../src/core/schedule/schedule.ts";
import type { ScheduleSpec } from "../../../src/core/schedule/spec.ts";
import { aSpec } from "../../support/a-run.ts";
import type { Chance } from "../chance.ts";
import type { Calendar } from "./calendar.ts";

const SECOND = 1000;

export const NAMES = ["a", "b"] as const;

/** What the runs of a job are to do. */
export function aJobsRun(job: string, chance: Chance): RunSpec {
  const runMs = chance.between("run limit of a job", 5, 60) * SECOND;
  return aSpec({
    name: job,
    timeouts: { queueMs: 300 * SECOND, bootMs: 120 * SECOND, runMs, stopMs: 5 * SECOND },
    capture: chance.number("capture of a job") < 0.5 ? "output" : "none",
    expiresMs: chance.between("a job's run expires", 60, 900) * SECOND,
  });
}

export function aSchedule(name: string, chance: Chance, calendar: Calendar): ScheduleSpec {
  return {
    name,
    ...aTiming(chance, calendar),
    ...aWay(chance),
    jitterMs: chance.pick("jitter", [0, 0, 5, 40, 200]) * SECOND,
    ...(chance.fault("a punctual schedule", 0.4) && { punctual: true }),
    paused: false,
    input: "{}",
  };
}

/** The same with other due times, or with another way to go about them. */
export function changed(spec: ScheduleSpec, chance: Chance, calendar: Calendar): ScheduleSpec {
  const isAnotherRule = chance.number("another rule") < 0.5;
  return { ...spec, ...(isAnotherRule ? aTiming(chance, calendar) : aWay(chance)) };
}

function aWay(chance: Chance): Pick<ScheduleSpec, "overlap" | "catchUp"> {
  const windowMs = chance.pick("catch-up window", [60, 300, 86_400, 86_400]) * SECOND;
  const afterPause = chance.number("catches up after a pause") < 0.2;
  return {
    overlap: chance.pick("overlap", OVERLAPS),
    catchUp: { mode: chance.pick("catch-up mode", CATCH_UP_MODES), windowMs, afterPause },
  };
}

/** Each with how many seconds its due times are apart. */
const CRONS: readonly [[string, number], ...[string, number][]] = [
  ["* * * * *", 60],
  ["*/2 * * * *", 120],
  ["*/20 * * * * *", 20],
  ["10,40 * * * * *", 30],
  ["0 1-59/3 HOURS * * *", 180],
];

function aTiming(chance: Chance, { beginsAt, timeZone, hours }: Calendar): Timing {
  const firstMs = beginsAt + chance.between("a schedule starts after", 0, 300) * SECOND;
  const times = chance.between("due times", 2, 8);
  const startsAt = chance.number("a schedule has a start") < 0.5 ? firstMs : null;
  const aRule = (rule: Rule, everyS: number): Timing => ({
    rule,
    startsAt,
    endsAt: firstMs + times * everyS * SECOND,
  });
  const drawn = chance.number("kind of rule");
  if (drawn < 0.4) {
    const everyS = chance.pick("every", [15, 30, 60, 100]);
    return aRule({ kind: "every", everyMs: everyS * SECOND }, everyS);
  }
  if (drawn < 0.8) {
    const [cron, everyS] = chance.pick("cron expression", CRONS);
    return aRule({ kind: "cron", cron: cron.replace("HOURS", hours), timeZone }, everyS);
  }
  const at = Array.from({ length: times }, () => beginsAt + chance.between("named time", 0, 900_000));
  return { rule: { kind: "at", times: at }, startsAt: null, endsAt: null };
}

/** Epoch milliseconds after which nothing of it is due, or starts. */
export function lastStart({ rule, endsAt, jitterMs }: ScheduleSpec): number {
  return (endsAt ?? (rule.kind === "at" ? Math.max(...rule.times) : Number.POSITIVE_INFINITY)) + jitterMs;
}
