/** Schedules and their ledgers, as they are answered. */

import { z } from "@hono/zod-openapi";
import * as limits from "../core/limits.ts";
import { DAY_MS } from "../core/schedule/calendar.ts";
import { CATCH_UP_MODES, FIRING_OUTCOMES, OVERLAPS } from "../core/schedule/schedule.ts";
import { lastAlert } from "./alert-schema.ts";
import { instant, status, time } from "./schema-parts.ts";
import { queueFields } from "./waiting-schema.ts";

export const firingSchema = z
  .object({
    due_at: time,
    outcome: z.enum(FIRING_OUTCOMES).openapi({
      description:
        "armed: its run is about to be submitted. ran: it was, in time or up to two minutes late (ten seconds where the next one had come by then, or catch_up is all), up to an hour where very many were due at once, or ahead of its time where the schedule is punctual. caught_up: later than that, as catch_up or a backfill asks for. skipped: the previous run was still at work. missed: it passed in an outage, or the job could not be run. paused: it passed during a pause.",
    }),
    trigger: z.enum(["rule", "run_now", "backfill", "fly"]).openapi({
      description: "fly: Fly started the schedule's machine, and due_at is when",
    }),
    run_id: z.string().nullable(),
    late_ms: z.int().nullable().openapi({
      description:
        "from the due time, jitter included, to its run; of a punctual one that was accepted ahead to the start of its machine, and null until then; null without a run",
    }),
    run: z
      .object({
        status,
        reason: z.string().nullable(),
        waiting_for: queueFields.for.nullable().openapi({
          description: "of a run that stands in a line: which one. GET /v1/runs/{id} tells its place",
        }),
      })
      .nullable()
      .openapi({ description: "how that run is doing" }),
    blocked_by: z.string().nullable().openapi({
      description: "of a skipped one the schedule's run that was in its way; null where that had just ended",
    }),
    why: z.string().nullable(),
    decided_at: time.openapi({ description: "when it came to this outcome" }),
    count: z.int().openapi({
      description: "due times in a row that this row stands for; 1 but for those that passed over together",
    }),
    is_count_exact: z.boolean().openapi({ description: "false: there are more than count" }),
    through: time.openapi({ description: "the last of them" }),
  })
  .openapi("Firing");
export type FiringBody = z.infer<typeof firingSchema>;

export const storedScheduleSchema = z
  .object({
    job: z.string(),
    name: z.string(),
    rule: z
      .string()
      .openapi({ description: "when it is due, in words", example: "at 02:30 every day, Europe/Berlin" }),
    timezone: z
      .string()
      .nullable()
      .openapi({ description: "whose local times a cron names; null of other rules" }),
    overlap: z.enum(OVERLAPS),
    catch_up: z.object({ mode: z.enum(CATCH_UP_MODES), window: z.string(), after_pause: z.boolean() }),
    jitter: z.string(),
    punctual: z.boolean(),
    starts: time.nullable(),
    ends: time.nullable(),
    paused_by: z.array(z.enum(["definition", "hand", "job"])).openapi({
      description: "who has it rest: its definition, a call to …/pause, the pause of its job. Empty: nobody",
    }),
    paused_at: time.nullable(),
    next_due_at: time
      .nullable()
      .openapi({ description: "null where it rests, where it is over, and on: fly" }),
    is_over: z.boolean().openapi({
      description:
        "true where nothing is due any more: ends is past, or all times of at are. It may rest besides",
    }),
    fly: z
      .object({
        app: z.string().nullable(),
        machine_id: z.string().nullable(),
        problem: z.string().nullable().openapi({ description: "what stands in its way" }),
      })
      .nullable()
      .openapi({
        description:
          "the machine that Fly starts for it, whose fields are null as long as there is none; null itself unless the schedule is on: fly",
      }),
    last_firing: firingSchema
      .nullable()
      .openapi({ description: "the last row of its ledger whose time has come" }),
    late_after: z.string().nullable(),
    last_alert: lastAlert.openapi({ description: "of one with late_after, the last due time that was late" }),
  })
  .openapi("Schedule");
export type StoredScheduleBody = z.infer<typeof storedScheduleSchema>;

export const scheduleListSchema = z
  .object({
    schedules: z.array(storedScheduleSchema),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "give it as cursor for the next page; null on the last" }),
  })
  .openapi("ScheduleList");
export type ScheduleListBody = z.infer<typeof scheduleListSchema>;

export const firingListSchema = z
  .object({
    firings: z.array(firingSchema).openapi({ description: "newest first" }),
    next_cursor: z
      .string()
      .nullable()
      .openapi({
        description: `likewise. With an outcome a page looks at ${limits.FIRINGS_SCAN_MAX} rows, and can have few of it, or none, and still not be the last`,
      }),
  })
  .openapi("FiringList");
export type FiringListBody = z.infer<typeof firingListSchema>;

export const nextDueSchema = z.object({ due_at: z.array(time) }).openapi("NextDueTimes");
export type NextDueBody = z.infer<typeof nextDueSchema>;

/** What `POST …/backfill` takes. */
export const backfillInputSchema = z
  .strictObject({
    from: instant,
    to: instant.openapi({ description: "both are included, and it can not be later than now" }),
    preview: z.boolean().default(true).openapi({ description: "true: only tells what would be run" }),
  })
  .openapi("BackfillOrder");

export const backfillSchema = z
  .object({
    preview: z.boolean(),
    due_at: z
      .array(time)
      .openapi({ description: `those without a run yet, ${limits.BACKFILL_MAX_FIRINGS} at most` }),
    already_run: z
      .int()
      .openapi({ description: "due times of the stretch that have a run, or are about to" }),
    older_than_ledger: z.int().openapi({
      description: `of due_at as many as were due more than ${limits.FIRINGS_KEPT_MS / DAY_MS} days ago: a run that they had is not known any more`,
    }),
    armed: z.int().openapi({ description: "of due_at as many as this call has armed: 0 of a preview" }),
  })
  .openapi("Backfill");
export type BackfillBody = z.infer<typeof backfillSchema>;
