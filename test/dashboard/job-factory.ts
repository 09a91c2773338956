/** Jobs, schedules and firings as the API answers them. */

import type { AlertBody } from "../../src/api/alert-schema.ts";
import type { FiringBody, StoredScheduleBody } from "../../src/api/firing-schema.ts";
import type { JobVersionBody, ShownJobBody } from "../../src/api/job-schema.ts";
import { at } from "./run-factory.ts";

/** A job in its third version, put an hour ago. */
export function aJob(changes: Partial<ShownJobBody> = {}): ShownJobBody {
  return {
    name: "nightly",
    version: 3,
    paused_at: null,
    created_at: at(7_200_000),
    updated_at: at(3_600_000),
    description: null,
    labels: {},
    run: { image: "debian:12", command: ["make", "report"] },
    input_schema: null,
    schedules: [],
    hooks: [],
    on: [],
    expect_every: null,
    followed_by: [],
    last_alert: null,
    ...changes,
  };
}

export function aVersion(version: number, changes: Partial<JobVersionBody> = {}): JobVersionBody {
  const { description, labels, run, input_schema, schedules, hooks, on, expect_every } = aJob();
  return {
    version,
    change: "put",
    rolled_back_to: null,
    created_at: at(7_200_000),
    ...{ description, labels, run, input_schema, schedules, hooks, on, expect_every },
    ...changes,
  };
}

/** At 02:30 in Berlin, due next in half a day, and never yet. */
export function aSchedule(changes: Partial<StoredScheduleBody> = {}): StoredScheduleBody {
  return {
    job: "nightly",
    name: "at-two",
    rule: "at 02:30 every day, Europe/Berlin",
    timezone: "Europe/Berlin",
    overlap: "skip",
    catch_up: { mode: "latest", window: "1d", after_pause: false },
    jitter: "0s",
    starts: null,
    ends: null,
    paused_by: [],
    paused_at: null,
    next_due_at: "2026-11-22T01:30:00.000Z",
    is_over: false,
    late_after: null,
    punctual: false,
    fly: null,
    last_firing: null,
    last_alert: null,
    ...changes,
  };
}

/** One that ran in time, an hour ago. */
export function aFiring(changes: Partial<FiringBody> = {}): FiringBody {
  const dueAt = changes.due_at ?? at(3_600_000);
  return {
    due_at: dueAt,
    outcome: "ran",
    trigger: "rule",
    run_id: null,
    run: null,
    blocked_by: null,
    late_ms: null,
    why: null,
    decided_at: dueAt,
    count: 1,
    is_count_exact: true,
    through: dueAt,
    ...changes,
  };
}

export function anAlert(changes: Partial<AlertBody> = {}): AlertBody {
  return {
    seq: 1,
    type: "job_silent",
    job: "nightly",
    schedule: null,
    hook: null,
    webhook: null,
    due_at: at(600_000),
    at: at(590_000),
    run_id: null,
    detail: "no run has succeeded for 25h",
    ...changes,
  };
}
