/** Runs, events and output as the API answers them. Times are RFC 3339 texts in UTC; what is not known is null. */

import { z } from "@hono/zod-openapi";
import { COMPLAINTS_TOLD_MAX, DOWNSTREAM_SHOWN_MAX, RERUNS_SHOWN_MAX } from "../core/limits.ts";
import { FINAL_STATUSES } from "../core/run.ts";
import { CONCURRENCY_STRATEGIES } from "../core/run-spec.ts";
import { STEP_IFS } from "../core/step/spec.ts";
import { STEP_STATES } from "../core/step/state.ts";
import { runDeliveryBody } from "./delivery-schema.ts";
import { eventSchema } from "./event-schema.ts";
import { handoverSchema, runUpstreamSchema } from "./handover-schema.ts";
import { retryBodySchema } from "./retry-schema.ts";
import { ending, guest, nextAttempt, output, runFiring, runJob, status, time } from "./schema-parts.ts";
import { checkoutBodySchema, stepBodySchema } from "./step-schema.ts";
import { waitingSchema } from "./waiting-schema.ts";

const section = z.object({
  from: z.int().openapi({ description: "its first byte in the attempt's stream, from 0" }),
  to: z.int().nullable().openapi({ description: "the first byte that is not its own; null while it runs" }),
});

/** How one step of an attempt went. */
export const stepStateSchema = z
  .object({
    number: z.int().openapi({ description: "from 1" }),
    name: z.string(),
    state: z.enum(STEP_STATES).openapi({
      description:
        "waiting: it has not begun. unknown: it was under way when the machine was lost. skipped: its condition did not hold, or the attempt was over before",
    }),
    if: z.enum(STEP_IFS),
    exit_code: z.int().nullable(),
    timed_out: z.boolean().openapi({ description: "its own time limit passed" }),
    started_at: time.nullable(),
    ended_at: time.nullable(),
    stdout: section.nullable().openapi({ description: "null where it has not begun" }),
    stderr: section.nullable(),
  })
  .openapi("StepState");
export type StepStateBody = z.infer<typeof stepStateSchema>;

/** One try of a run on one Machine, with the time of each phase. */
export const attemptSchema = z
  .object({
    number: z.int(),
    machine_name: z.string(),
    app: z
      .string()
      .nullable()
      .openapi({ description: "the Fly app that its machine is in; null where there was only one" }),
    machine_id: z.string().nullable(),
    machine: guest,
    asked_region: z
      .string()
      .nullable()
      .openapi({ description: "what of regions this attempt asks for; null leaves the choice to Fly" }),
    region: z.string().nullable().openapi({ description: "where the machine is" }),
    ...ending,
    detail: z.string().nullable(),
    output: output.nullable().openapi({ description: "of this attempt; null until it has ended" }),
    next: nextAttempt
      .nullable()
      .openapi({ description: "the attempt that follows this failed one; null where none does" }),
    create_asked_at: time.openapi({
      description: "when its machine is asked for, which lies ahead while it waits for its app's turn",
    }),
    created_at: time.nullable(),
    ready_at: time.nullable().openapi({
      description: "its machine was made and about to be started at starts_at; null of every other",
    }),
    image_ready_at: time.nullable().openapi({
      description: "the image was fetched and the machine began to boot; null where its start was quick",
    }),
    started_at: time.nullable(),
    first_output_at: time.nullable(),
    exited_at: time.nullable(),
    settled_at: time.nullable(),
    released_at: time.nullable().openapi({ description: "its machine is known to be gone" }),
    steps: z
      .array(stepStateSchema)
      .openapi({ description: "in their order; none of a run that is one command" }),
  })
  .openapi("Attempt");

export const runSchema = z
  .object({
    id: z.string().openapi({ example: "run_01jd0k3v7c9q2m8w5x4y6z7a8b" }),
    name: z.string().nullable(),
    tags: z.record(z.string(), z.string()),
    status,
    detail: z.string().nullable().openapi({ description: "a sentence that goes with the reason" }),
    ...ending,
    image: z.string(),
    command: z.array(z.string()).nullable(),
    script: z.string().nullable(),
    checkout: checkoutBodySchema.nullable(),
    steps: z.array(stepBodySchema),
    env: z.record(z.string(), z.string()),
    secrets: z.record(z.string(), z.string()).openapi({
      description: "names of secrets by the variables that hold them; never their values",
    }),
    files: z.array(z.object({ path: z.string(), bytes: z.int(), mode: z.string() })),
    machine: guest,
    regions: z.array(z.string()),
    timeouts: z.object({ queue: z.string(), boot: z.string(), run: z.string(), stop: z.string() }),
    retry: retryBodySchema,
    rerun_of: z.string().nullable().openapi({ description: "the run that this one repeats" }),
    job: runJob
      .nullable()
      .openapi({ description: "the job that it is a run of; null where its spec came inline" }),
    firing: runFiring.nullable().openapi({
      description: "the due time of the job's schedule that it is for; null where a call submitted it",
    }),
    delivery: runDeliveryBody.nullable().openapi({
      description:
        "the delivery of one of the job's hooks that it is for, or the run is that it repeats; null of every other",
    }),
    upstream: runUpstreamSchema.nullable().openapi({
      description:
        "the run after which it was started, as its job's on says, or the run was which it repeats; null of every other",
    }),
    starts_at: time.nullable().openapi({
      description:
        "before which its machine is made and its command not started, as its schedule is punctual; null of every other",
    }),
    input: z.unknown().openapi({ description: "of a job's run; null of every other" }),
    capture: z.enum(["output", "none"]),
    concurrency: z
      .object({
        key: z.string().openapi({ description: "with its fields filled in" }),
        limit: z.int(),
        strategy: z.enum(CONCURRENCY_STRATEGIES),
      })
      .nullable(),
    priority: z.int(),
    expires: z.string(),
    run_at: time.nullable().openapi({
      description:
        "when it is due: run_at as it was given, also where that was past, or what delay comes to; null where neither was",
    }),
    waiting: waitingSchema
      .nullable()
      .openapi({ description: "why it does not run yet, or not again; null where it waits for nothing" }),
    output,
    accepted_at: time,
    cancel_requested_at: time.nullable(),
    superseded_by: z
      .string()
      .nullable()
      .openapi({ description: "the newer run of its concurrency key that asked for the cancel" }),
    settled_at: time.nullable(),
    reruns: z.array(z.string()).openapi({
      description: `runs that repeat this one, newest first, ${RERUNS_SHOWN_MAX} at most; a list by rerun_of has all of them`,
    }),
    downstream: z.array(handoverSchema).openapi({
      description: `the jobs that start after it, once it is over, by their names; ${DOWNSTREAM_SHOWN_MAX} at most`,
    }),
    next_attempt: nextAttempt
      .nullable()
      .openapi({ description: "what a retrying run waits for; null in every other status" }),
    attempts: z.array(attemptSchema).openapi({ description: "oldest first" }),
  })
  .openapi("Run");
export type RunBody = z.infer<typeof runSchema>;
export type AttemptBody = z.infer<typeof attemptSchema>;

/** A run in a list: without its attempts and without what it was asked to do in full. */
export const runListSchema = z
  .object({
    runs: z.array(
      runSchema
        .omit({
          attempts: true,
          next_attempt: true,
          reruns: true,
          downstream: true,
          input: true,
          script: true,
          checkout: true,
          steps: true,
          env: true,
          secrets: true,
          files: true,
        })
        .openapi("RunSummary"),
    ),
    next_cursor: z.string().nullable().openapi({
      description:
        "give it as cursor for the next page; null on the last. A page of a rare status or tag can have fewer runs than asked for, or none, and still not be the last",
    }),
  })
  .openapi("RunList");
export type RunListBody = z.infer<typeof runListSchema>;
export type RunSummaryBody = RunListBody["runs"][number];

export const eventListSchema = z
  .object({ events: z.array(eventSchema), next_after: z.int().nullable() })
  .openapi("EventList");
export type EventListBody = z.infer<typeof eventListSchema>;

/**
 * The data of one SSE `output` message. The bytes are in `text` where they are valid UTF-8 and in `base64` where not; a
 * character may be cut between two chunks.
 */
export const outputLineSchema = z
  .object({
    attempt: z.int(),
    stream: z.enum(["stdout", "stderr"]),
    offset: z.int().openapi({ description: "of the first byte, in its stream, from 0" }),
    time,
    text: z.string().optional(),
    base64: z.string().optional(),
  })
  .openapi("OutputLine");
export type OutputLine = z.infer<typeof outputLineSchema>;

/** One line of `GET /v1/runs/{id}/output` as ndjson: the same, and the position that SSE has in its message's id. */
export const numberedOutputLineSchema = outputLineSchema
  .extend({
    id: z.string().openapi({ description: "as Last-Event-ID it resumes after this line", example: "1.42" }),
  })
  .openapi("NumberedOutputLine");
export type NumberedOutputLine = z.infer<typeof numberedOutputLineSchema>;

/** The data of an SSE `step` message: how a step of a followed run stands by now. It comes before what the step wrote since it stood otherwise. */
export const outputStepSchema = stepStateSchema.extend({ attempt: z.int() }).openapi("OutputStep");
export type OutputStep = z.infer<typeof outputStepSchema>;

/** The data of the last SSE message of a followed run, event `end`: its outcome. ndjson with follow ends with `{"end": …}` of it. */
export const outputEndSchema = z
  .object({
    run_id: z.string(),
    status,
    ...ending,
    detail: z.string().nullable(),
    output,
  })
  .openapi("OutputEnd");
export type OutputEnd = z.infer<typeof outputEndSchema>;

export const errorSchema = z
  .object({
    error: z.object({
      code: z.string().openapi({ example: "invalid_input" }),
      message: z.string(),
      path: z
        .string()
        .nullable()
        .openapi({ description: 'the field that is wrong ("machine.cpus"), or null' }),
      others: z
        .array(z.object({ path: z.string().nullable(), message: z.string() }))
        .optional()
        .openapi({
          description: `what else is wrong with the same request; of more than ${COMPLAINTS_TOLD_MAX} things the first are told`,
        }),
      others_left_out: z
        .int()
        .optional()
        .openapi({ description: "how many more there are, where not all are told" }),
      run_status: z
        .enum(FINAL_STATUSES)
        .optional()
        .openapi({ description: "how the run ended; with the code run_is_final, and no other" }),
      request_id: z.string(),
    }),
  })
  .openapi("Error");
export type ErrorBody = z.infer<typeof errorSchema>;
