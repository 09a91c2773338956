/** Schedules as a job's definition has them, and as they are answered. */

import { z } from "@hono/zod-openapi";
import { parseDuration } from "../core/duration.ts";
import { JOB_NAME } from "../core/job.ts";
import * as limits from "../core/limits.ts";
import {
  endsComplaints,
  firesComplaints,
  ruleComplaints,
  type TimingComplaint,
} from "../core/schedule/complaint.ts";
import { nameOf } from "../core/schedule/name.ts";
import {
  CATCH_UP_MODES,
  type CatchUp,
  FLY_PERIODS,
  type FlyPeriod,
  OVERLAPS,
  type Rule,
} from "../core/schedule/schedule.ts";
import type { ScheduleSpec } from "../core/schedule/spec.ts";
import { durationField, durationMs } from "./duration-field.ts";
import { instant, instantMs } from "./schema-parts.ts";
import { OF_ANY_LIST, OF_ANY_OBJECT, rightFields } from "./together.ts";

/** Names of schedules are made as those of jobs are. */
export const scheduleNameField = z
  .string()
  .regex(
    JOB_NAME,
    `must be the name of a schedule: small letters, digits and . _ -, starting with a letter or digit, at most ${limits.SCHEDULE_NAME_MAX_CHARS} characters`,
  )
  .openapi({ example: "at-two" });

const RULES = ["cron", "every", "at"] as const;

const catchUpField = z
  .union(
    [
      z.enum(CATCH_UP_MODES),
      z.strictObject({
        mode: z.enum(CATCH_UP_MODES),
        window: durationField("1d", 0, limits.CATCH_UP_WINDOW_MAX_MS).optional(),
        after_pause: z.boolean().optional(),
      }),
    ],
    `must be one of ${CATCH_UP_MODES.map((mode) => `"${mode}"`).join(", ")}, or an object with mode, window and after_pause`,
  )
  .default("latest")
  .openapi({
    description:
      'what is run after an outage of what came due meanwhile: "none" of it, the "latest", or "all", oldest first and one after the other where overlap is skip. Nothing that is later than window (1d) is run. What came due during a pause counts only with after_pause.',
  });

/** One of `schedules`. Exactly one of `cron`, `every` and `at` says when it is due, `every` with `on: fly` in Fly's own words. */
export const scheduleSchema = z
  .strictObject({
    name: scheduleNameField.optional().openapi({
      description:
        "unique in the job; left out, it follows from the rule. With its name a schedule keeps its ledger",
    }),
    cron: z.string().optional().openapi({
      description:
        "five or six fields, or @hourly, @daily and the like; L, # and W are known. In the local time of timezone",
      example: "30 2 * * *",
    }),
    timezone: z
      .string()
      .optional()
      .openapi({ description: "of the IANA database; UTC where it is left out", example: "Europe/Berlin" }),
    every: z
      .string()
      .optional()
      .openapi({
        description: `counted from starts, or from 1970-01-01T00:00:00Z; with on: fly one of ${FLY_PERIODS.join(", ")}`,
        example: "15m",
      }),
    on: z.enum(["fly"]).optional().openapi({
      description:
        "fly: Fly's own scheduler starts one machine again and again, first when it is made, then about each hour, day, week or month, as every says. Each start becomes a run once it is noticed, within a minute or so",
    }),
    at: z
      .union(
        [instant, z.array(instant)],
        'must be an RFC 3339 time, such as "2026-11-21T10:00:00Z", or a list of them',
      )
      .optional()
      .openapi({ description: `once at each of these times, ${limits.SCHEDULE_AT_MAX} at most` }),
    overlap: z.enum(OVERLAPS).default("skip").openapi({
      description:
        "where the schedule's previous run is still at work. skip: this due time has no run. queue: its run waits. allow: both run. cancel_running: the other one is cancelled.",
    }),
    catch_up: catchUpField,
    jitter: durationField("30s", 0, limits.SCHEDULE_JITTER_MAX_MS)
      .default("0s")
      .openapi({ description: "runs start up to so much later, always the same for the same due time" }),
    punctual: z
      .boolean()
      .default(false)
      .openapi({
        description: `true: the run is accepted ${limits.PUNCTUAL_LEAD_MS / 1000} s ahead and its machine made, and that is started on the second. Where the previous run is still at work then, it is decided at the time itself, as without`,
      }),
    late_after: durationField("5m", limits.LATE_AFTER_MIN_MS, limits.LATE_AFTER_MAX_MS).optional().openapi({
      description:
        "where the machine of its run has not started so long after the due time, or there is no run, an alert is recorded (GET /v1/alerts). Longer than jitter. Not of what overlap skips, nor of a pause",
    }),
    starts: instant.optional().openapi({ description: "nothing is due before" }),
    ends: instant.optional().openapi({ description: "nothing is due from then on" }),
    paused: z.boolean().default(false),
    input: z
      .unknown()
      .optional()
      .openapi({ description: "of its runs, as the job's input_schema has it; {} where it is left out" }),
  })
  .superRefine((schedule, context) => {
    const areRight = rightFields(context);
    const complain = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const given = RULES.filter((rule) => schedule[rule] !== undefined);
    if (given.length > 1) complain([given[1] ?? "at"], "give one of cron, every and at");
    if (given.length === 0)
      complain(
        [],
        schedule.on === "fly"
          ? `needs every, one of ${FLY_PERIODS.join(", ")}`
          : "needs one of cron, every and at, which say when it is due",
      );
    if (
      areRight("late_after", "jitter") &&
      schedule.late_after !== undefined &&
      durationMs(schedule.late_after) <= durationMs(schedule.jitter)
    )
      complain(["late_after"], "must be longer than jitter, by which a run may start later");
    if (schedule.on === "fly") {
      if (given.length === 1 && areRight(...given)) addFlyComplaint(schedule, context);
      return;
    }
    if (schedule.timezone !== undefined && schedule.cron === undefined && given.length > 0)
      complain(["timezone"], "goes with cron alone");
    // What is wrong by itself is told already, and is left out here.
    const right = Object.fromEntries(
      Object.entries(schedule).filter(([field]) => areRight(field)),
    ) as TimingInput;
    for (const { field, message } of dueComplaints(given, right)) complain([field], message);
  }, OF_ANY_OBJECT)
  .openapi("ScheduleDefinition");
type ScheduleInput = z.output<typeof scheduleSchema>;

type RuleKind = (typeof RULES)[number];

/**
 * What is wrong with when a schedule is due: with each of the rules that it gives, with its ends, and with both together.
 * @param right what of it is not wrong by itself
 */
function dueComplaints(given: readonly RuleKind[], right: TimingInput): TimingComplaint[] {
  const { startsAt, endsAt } = timingOf(right);
  const found = [...given.flatMap((kind) => ofRule(kind, right)), ...endsComplaints(startsAt, endsAt)];
  const [kind] = given;
  const isComplete = kind !== undefined && given.length === 1 && right[kind] !== undefined;
  return found.length > 0 || !isComplete ? found : firesComplaints(timingOf(right));
}

function ofRule(kind: RuleKind, { cron, timezone, every, at }: TimingInput): TimingComplaint[] {
  // The time zone has something to say though the expression is wrong by itself.
  if (kind === "cron") return ruleComplaints(ruleOf({ cron: cron ?? "@daily", timezone }));
  if (kind === "at") return at === undefined ? [] : ruleComplaints(ruleOf({ at }));
  if (every === undefined || parseDuration(every) !== null)
    return every === undefined ? [] : ruleComplaints(ruleOf({ every }));
  const message = isFlyPeriod(every)
    ? `can be "${every}" with on: fly alone; else it is a duration such as "15m" or "1h30m"`
    : 'must be a duration such as "15m" or "1h30m"';
  return [{ field: "every", message }];
}

function isFlyPeriod(text: string): text is FlyPeriod {
  return (FLY_PERIODS as readonly string[]).includes(text);
}

function addFlyComplaint(
  { every, cron }: { every?: string | undefined; cron?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (every !== undefined && isFlyPeriod(every)) return;
  const words = FLY_PERIODS.map((period) => `"${period}"`).join(", ");
  const message =
    every === undefined
      ? `does not go with on: fly, which takes every, one of ${words}`
      : `must be one of ${words} with on: fly: Fly chooses the minute`;
  const path = every !== undefined ? "every" : cron !== undefined ? "cron" : "at";
  context.addIssue({ code: "custom", path: [path], message });
}

/** A job's `schedules`. */
export const schedulesField = z
  .array(scheduleSchema)
  .max(limits.JOB_SCHEDULES_MAX)
  .superRefine((schedules, context) => {
    const areRight = rightFields(context);
    const names = new Set<string>();
    for (const [index, schedule] of schedules.entries()) {
      const named = schedule?.name === undefined ? ["cron", "timezone", "every", "at", "on"] : ["name"];
      if (!areRight(...named.map((field) => [index, field]))) continue;
      const name = nameOfInput(schedule);
      if (names.has(name))
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: `is "${name}", as another schedule of the job is; give each its own`,
        });
      names.add(name);
    }
  }, OF_ANY_LIST);

/** The checked schedules as the core keeps them. */
export function toSchedules(schedules: ScheduleInput[]): ScheduleSpec[] {
  return schedules.map((schedule) => ({
    name: nameOfInput(schedule),
    ...timingOf(schedule),
    overlap: schedule.overlap,
    // Fly makes nothing up for.
    catchUp: { ...toCatchUp(schedule.catch_up), ...(schedule.on === "fly" && { mode: "none" as const }) },
    jitterMs: durationMs(schedule.jitter),
    ...(schedule.punctual && { punctual: true }),
    ...(schedule.late_after !== undefined && { lateAfterMs: durationMs(schedule.late_after) }),
    paused: schedule.paused,
    input: JSON.stringify(schedule.input === undefined ? {} : schedule.input),
  }));
}

type TimingInput = Partial<
  Pick<ScheduleInput, "cron" | "timezone" | "every" | "at" | "on" | "starts" | "ends">
>;

function timingOf(schedule: TimingInput) {
  const { starts, ends } = schedule;
  return {
    rule: ruleOf(schedule),
    startsAt: starts === undefined ? null : instantMs(starts),
    endsAt: ends === undefined ? null : instantMs(ends),
  };
}

function ruleOf({ cron, timezone, every, at, on }: TimingInput): Rule {
  if (on === "fly" && every !== undefined && isFlyPeriod(every)) return { kind: "fly", period: every };
  if (cron !== undefined) return { kind: "cron", cron, timeZone: timezone ?? "UTC" };
  if (every !== undefined) return { kind: "every", everyMs: durationMs(every) };
  return { kind: "at", times: [at ?? []].flat().map(instantMs) };
}

function nameOfInput(schedule: ScheduleInput): string {
  return schedule.name ?? nameOf(ruleOf(schedule)).replaceAll(/[^a-z0-9._-]/g, "-");
}

function toCatchUp(input: ScheduleInput["catch_up"]): CatchUp {
  const { mode, window, after_pause } = typeof input === "string" ? { mode: input } : { ...input };
  return {
    mode,
    windowMs: window === undefined ? limits.CATCH_UP_WINDOW_DEFAULT_MS : durationMs(window),
    afterPause: after_pause ?? false,
  };
}
