/** Events as the API answers them: one envelope, and for each type its own data. */

import { z } from "@hono/zod-openapi";
import type { EventType } from "../core/event.ts";
import { FINAL_STATUSES } from "../core/run.ts";
import { runUpstream } from "./handover-schema.ts";
import { ending, exit, nextAttempt, output, runFiring, runJob, time } from "./schema-parts.ts";
import { queueFields } from "./waiting-schema.ts";

/** One type of event. Its name in the OpenAPI document is the type's: `machine_created` is MachineCreatedEvent. */
function eventOf<T extends EventType, D extends z.ZodRawShape>(type: T, description: string, data: D) {
  const name = type.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return z
    .object({
      seq: z.int().openapi({ description: "from 1, without gaps" }),
      at: time.openapi({ description: "when the fact was learnt" }),
      type: z.literal(type),
      attempt: z
        .int()
        .nullable()
        .openapi({ description: "the attempt that it is about; null where it is about the run" }),
      data: z.object(data),
    })
    .openapi(`${name}Event`, { description });
}

/** Where and when an attempt's machine is asked for. */
const launch = {
  app: z.string().nullable().openapi({ description: "the Fly app; null where it is the only one" }),
  launch_at: time.openapi({ description: "when the machine is asked for" }),
};

/** Which step, and since when. */
const step = {
  step: z.int().openapi({ description: "its number, from 1" }),
  started_at: time,
};

/** An entry of the Machine's own event list. */
const machineEventSchema = z
  .object({
    type: z.string().openapi({ example: "exit" }),
    status: z.string(),
    source: z.string(),
    at: time,
    exit: z
      .object({
        ...exit,
        exit_code: z.int(),
        requested_stop: z.boolean(),
        exited_at: time.nullable(),
      })
      .nullable()
      .openapi({ description: "of its exit event; null in every other" }),
  })
  .openapi("MachineEvent");

export const eventSchema = z
  .discriminatedUnion("type", [
    eventOf("accepted", "the run is stored and will be carried out", {
      rerun_of: z
        .string()
        .optional()
        .openapi({ description: "the run that this one repeats, where it does" }),
      job: runJob.optional().openapi({ description: "the job that it is a run of, where it is of one" }),
      firing: runFiring
        .optional()
        .openapi({ description: "the due time of its schedule, where it is for one" }),
      delivery: z
        .object({ hook: z.string(), id: z.string(), without_secrets: z.boolean() })
        .optional()
        .openapi({ description: "the delivery of one of the job's hooks, where it is for one" }),
      upstream: runUpstream
        .optional()
        .openapi({ description: "the run after which it is started, where it is by a chain" }),
    }),
    eventOf("attempt_planned", "the attempt's machine is decided and about to be asked for", {
      machine_name: z.string(),
      ...launch,
    }),
    eventOf(
      "launch_taken",
      "the launch that was waited for is due and the machine about to be asked for, or another launch was taken in its place",
      launch,
    ),
    eventOf("create_uncertain", "the answer to a create left it open whether the machine exists", {
      error: z.string(),
    }),
    eventOf("machine_created", "the machine exists", {
      machine_id: z.string(),
      region: z.string().nullable(),
      adopted: z.boolean().openapi({ description: "true where an earlier ask turned out to have made it" }),
    }),
    eventOf("machine_ready", "the machine was made ahead and is about to be started, at starts_at", {}),
    eventOf("machine_started", "the machine is up", {
      image_ready_at: time
        .optional()
        .openapi({ description: "its image was fetched and it began to boot, where its start was slow" }),
    }),
    eventOf("cancel_requested", "somebody, or a newer run of its concurrency key, asked the run to cancel", {
      superseded_by: z.string().optional().openapi({ description: "that newer run" }),
    }),
    eventOf("stop_requested", "the command was told to stop", {}),
    eventOf("exited", "the command's end is known", {
      ...exit,
      source: z.enum(["runner", "machine"]).openapi({ description: "who told it" }),
    }),
    eventOf("attempt_failed", "the attempt is over, and another will follow", {
      ...ending,
      detail: z.string().nullable(),
      output: output.openapi({ description: "of this attempt" }),
      next: nextAttempt,
    }),
    eventOf("settled", "the run's outcome, once per run", {
      status: z.enum(FINAL_STATUSES),
      ...ending,
      detail: z.string().nullable(),
      output: output.openapi({ description: "of the last attempt; nothing where that had failed before" }),
    }),
    eventOf("machine_released", "the machine is known to be gone", {
      events: z.array(machineEventSchema).openapi({ description: "the machine's own, oldest first" }),
    }),
    eventOf(
      "step_started",
      "a step is under way; one that was over when it was first heard of has no such event",
      {
        ...step,
        stdout_from: z.int().openapi({ description: "where its section of stdout begins" }),
        stderr_from: z.int(),
      },
    ),
    eventOf("step_ended", "a step is over", {
      ...step,
      ended_at: time,
      exit_code: z.int().nullable(),
      timed_out: z.boolean().openapi({ description: "its own time limit passed" }),
      stdout_from: z.int(),
      stdout_to: z.int().openapi({ description: "the first byte that is not its own" }),
      stderr_from: z.int(),
      stderr_to: z.int(),
    }),
    eventOf("steps_skipped", "the condition of these steps did not hold", {
      steps: z.array(z.int()).openapi({ description: "their numbers" }),
    }),
    eventOf("slot_awaited", "the run stands in a queue's line", queueFields),
    eventOf("slot_taken", "the run has a slot of a queue, until its command runs no more", queueFields),
  ])
  .openapi("Event");
export type EventBody = z.infer<typeof eventSchema>;
