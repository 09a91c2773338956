/** Jobs as callers send them, and as they are answered. One schema validates a definition and appears in the OpenAPI document. */

import { z } from "@hono/zod-openapi";
import { LINK_OUTCOMES } from "../core/chain/link.ts";
import { HOOK_SOURCES } from "../core/hook/spec.ts";
import { JOB_NAME } from "../core/job.ts";
import * as limits from "../core/limits.ts";
import { lastAlert } from "./alert-schema.ts";
import { durationField } from "./duration-field.ts";
import { hooksField } from "./hook-schema.ts";
import { schemaComplaints } from "./input-schema.ts";
import { onField } from "./link-schema.ts";
import { schedulesField } from "./schedule-schema.ts";
import { time } from "./schema-parts.ts";
import { runSpecSchema } from "./spec-schema.ts";
import { atMostNames } from "./together.ts";

/** How a job is called. */
export const jobNameField = z
  .string()
  .regex(
    JOB_NAME,
    `must be the name of a job: small letters, digits and . _ -, starting with a letter or digit, at most ${limits.JOB_NAME_MAX_CHARS} characters`,
  )
  .openapi({ example: "nightly-report" });

const LABEL_KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;

const inputSchemaField = z
  .looseObject({})
  .superRefine((schema, context) => {
    for (const { path, message } of schemaComplaints(schema))
      context.addIssue({ code: "custom", path, message });
  })
  .openapi("InputSchema", {
    description:
      "JSON Schema (2020-12, or draft 7 where $schema says so) that the input of each run is checked against. $ref leads to places in this document alone, and words that are not known are refused, but for those that start with x-.",
    example: { type: "object", required: ["env"], properties: { env: { enum: ["staging", "prod"] } } },
  });

/** What `PUT /v1/jobs/{name}` takes. Unknown fields are refused by name. */
export const jobDefinitionSchema = z
  .strictObject({
    description: z.string().min(1).max(limits.JOB_DESCRIPTION_MAX_CHARS).optional(),
    labels: z
      .record(
        z
          .string()
          .max(limits.TAG_KEY_MAX_CHARS)
          .regex(LABEL_KEY, "must be letters, digits and . _ / -, starting with a letter or digit"),
        z.string().max(limits.TAG_VALUE_MAX_CHARS),
      )
      .refine(...atMostNames(limits.TAGS_MAX_COUNT, "labels"))
      .optional()
      .openapi({ description: "of the job itself; its runs have the tags of run" }),
    run: runSpecSchema,
    input_schema: inputSchemaField.optional(),
    schedules: schedulesField.optional(),
    hooks: hooksField.optional(),
    on: onField.optional(),
    expect_every: durationField("25h", limits.EXPECT_EVERY_MIN_MS, limits.EXPECT_EVERY_MAX_MS)
      .optional()
      .openapi({
        description:
          "where no run of it succeeds for so long, an alert is recorded (GET /v1/alerts), once until one succeeds again. A paused job is not silent",
      }),
  })
  .openapi("JobDefinition", {
    description:
      "the concurrency key of run can have the fields {job} and {input.FIELD} besides those of every run. Secrets that it names are looked for when it is run.",
  });
export type JobDefinitionInput = z.input<typeof jobDefinitionSchema>;

const written = z.record(z.string(), z.unknown());
const known = {
  description: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
};
const definition = {
  ...known,
  run: written.openapi({ description: "the spec of its runs as it was put, with no defaults filled in" }),
  input_schema: written.nullable(),
  schedules: z.array(written).openapi({ description: "as they were put" }),
  hooks: z.array(written).openapi({ description: "likewise; GET /v1/hooks tells their URLs" }),
  on: z.array(written).openapi({ description: "the jobs after whose runs it starts, likewise" }),
  expect_every: z.string().nullable(),
};
const row = {
  name: z.string(),
  version: z.int().openapi({ description: "the version in force" }),
  paused_at: time.nullable().openapi({
    description:
      "since when nothing starts runs of it by itself; a call still does. Null where it is not paused",
  }),
  created_at: time.openapi({ description: "when a job of this name was first put" }),
  updated_at: time.openapi({ description: "when the version in force was put" }),
};

export const jobSchema = z.object({ ...row, ...definition }).openapi("Job");
export type JobBody = z.infer<typeof jobSchema>;

/** A job that is shown by its name. */
export const shownJobSchema = jobSchema
  .extend({
    followed_by: z.array(z.object({ job: z.string(), outcomes: z.array(z.enum(LINK_OUTCOMES)) })).openapi({
      description: `the jobs that start after it, by their names, and after which ends of its runs; ${limits.FOLLOWERS_SHOWN_MAX} at most`,
      example: [{ job: "deploy", outcomes: ["succeeded"] }],
    }),
    last_alert: lastAlert,
  })
  .openapi("ShownJob");
export type ShownJobBody = z.infer<typeof shownJobSchema>;

export const changedJobSchema = jobSchema
  .extend({
    outcome: z.enum(["created", "changed", "unchanged"]).openapi({
      description: "unchanged: what was put means the same as the version in force, and made none",
    }),
    notes: z.array(z.object({ path: z.string(), message: z.string() })).openapi({
      description:
        "what is right and may not be meant, by the field that says so: a schedule that is never due again, a job to start after that is not there, jobs that start after each other in a circle",
      example: [{ path: "schedules.0.at", message: "is past: the schedule is never due again" }],
    }),
  })
  .openapi("ChangedJob");
export type ChangedJobBody = z.infer<typeof changedJobSchema>;

/** A job in a list: without what its runs are to do. */
export const jobListSchema = z
  .object({
    jobs: z.array(
      z
        .object({
          ...row,
          ...known,
          starts_after: z
            .array(z.string())
            .openapi({ description: "the jobs after whose runs it starts, each once", example: ["build"] }),
          hooks: z
            .array(
              z.object({
                name: z.string(),
                source: z.enum(HOOK_SOURCES),
                events: z.array(z.string()).nullable().openapi({
                  description: "null for those that bring new commits, or of no sender of code for all",
                }),
              }),
            )
            .openapi({ description: "what starts it by a call" }),
        })
        .openapi("JobSummary"),
    ),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "give it as cursor for the next page; null on the last" }),
  })
  .openapi("JobList");
export type JobListBody = z.infer<typeof jobListSchema>;

const version = {
  version: z.int(),
  change: z.enum(["put", "rollback"]),
  rolled_back_to: z
    .int()
    .nullable()
    .openapi({ description: "the earlier version that this one repeats; null where it was put" }),
  created_at: time,
};

export const jobVersionSchema = z.object({ ...version, ...definition }).openapi("JobVersion");
export type JobVersionBody = z.infer<typeof jobVersionSchema>;

export const versionListSchema = z
  .object({
    versions: z.array(z.object(version).openapi("JobVersionSummary")).openapi({
      description: `newest first; of a job the newest ${limits.JOB_VERSIONS_KEPT} are kept`,
    }),
    next_cursor: z.string().nullable(),
  })
  .openapi("JobVersionList");
export type VersionListBody = z.infer<typeof versionListSchema>;

export const jobDiffSchema = z
  .object({
    from: z.int(),
    to: z.int(),
    changes: z.array(
      z.object({
        path: z.string().openapi({ example: "run.machine.size" }),
        from: z.unknown().openapi({ description: "not there where only the later version has the path" }),
        to: z.unknown().openapi({ description: "not there where only the earlier version has it" }),
      }),
    ),
    is_whole: z.boolean().openapi({
      description: `false where there are more than the ${limits.JOB_DIFF_MAX_CHANGES} changes that are told`,
    }),
  })
  .openapi("JobDiff");
export type JobDiffBody = z.infer<typeof jobDiffSchema>;

/** What `POST /v1/jobs/{name}/runs` takes. */
export const jobRunSchema = z
  .strictObject({
    input: z
      .unknown()
      .optional()
      .openapi({
        description: `any JSON of ${limits.INPUT_MAX_BYTES} bytes at most, as the job's input_schema has it; {} where it is left out. The command finds it in MAYFLY_INPUT`,
        example: { env: "staging" },
      }),
    overrides: z
      .looseObject({})
      .optional()
      .openapi("JobOverrides", {
        description:
          "what this run does otherwise: a JSON Merge Patch (RFC 7396) of the job's run, as of a re-run",
        example: { machine: { size: "performance-2x" } },
      }),
  })
  .openapi("JobRun");
export type JobRunInput = z.input<typeof jobRunSchema>;
