/** The fields of a spec that say when a run's turn is. */

import { z } from "@hono/zod-openapi";
import { literalKey, renderKey } from "../core/concurrency-key.ts";
import { formatDuration } from "../core/duration.ts";
import * as limits from "../core/limits.ts";
import { CONCURRENCY_STRATEGIES, type RunSpec } from "../core/run-spec.ts";
import { durationField, durationMs } from "./duration-field.ts";
import { instant, instantMs } from "./schema-parts.ts";

const LIMIT = `must be a whole number from 1 to ${limits.CONCURRENCY_LIMIT_MAX}`;
const PRIORITY = `must be a whole number from -${limits.PRIORITY_MAX} to ${limits.PRIORITY_MAX}`;

export const concurrencySchema = z
  .strictObject({
    key: z
      .string()
      .min(1)
      .max(4 * limits.CONCURRENCY_KEY_MAX_CHARS)
      .openapi({
        description:
          "runs of one key share its slots. {name}, {image} and {tags.KEY} are filled in from the run; {{ and }} stand for braces",
        example: "deploy-{tags.env}",
      }),
    limit: z
      .int(LIMIT)
      .min(1, LIMIT)
      .max(limits.CONCURRENCY_LIMIT_MAX, LIMIT)
      .default(1)
      .openapi({ description: "runs of the key that may run at once" }),
    strategy: z.enum(CONCURRENCY_STRATEGIES).default("queue").openapi({
      description:
        "where no slot is free. queue: the run waits. cancel_running: the oldest runs of the key are asked to cancel, as many as there are too many, and the run waits until they are gone. drop_new: it ends at once as cancelled, with the reason dropped.",
    }),
  })
  .openapi("Concurrency");

/** Fields of the spec, beside one another. */
export const queueSpecFields = {
  concurrency: concurrencySchema.optional(),
  priority: z
    .int(PRIORITY)
    .min(-limits.PRIORITY_MAX, PRIORITY)
    .max(limits.PRIORITY_MAX, PRIORITY)
    .default(0)
    .openapi({
      description:
        "of the runs that wait for a slot of one concurrency key, or of the organization, the highest goes first, then the oldest. Runs that wait for a launch in an app go in the order in which they came to it.",
    }),
  expires: durationField("1d", limits.TIMEOUT_MIN_MS, limits.EXPIRES_MAX_MS)
    .default(formatDuration(limits.EXPIRES_DEFAULT_MS))
    .openapi({
      description:
        "how long the run may wait for its turn once it is due; then it ends as cancelled, with the reason expired",
    }),
  delay: durationField("10m", 0, limits.RUN_AHEAD_MAX_MS)
    .optional()
    .openapi({ description: "the run is due so long after its acceptance; either this or run_at" }),
  run_at: instant
    .optional()
    .openapi({ description: "the run is due then, at once where that is past, and at most a year ahead" }),
};

type QueueInput = z.output<z.ZodObject<typeof queueSpecFields>>;
type Issue = { code: "custom"; path: (string | number)[]; message: string };

/**
 * What is wrong with the fields together, and with the run that they are of.
 * @param areRight of fields of the spec, whether they are so by themselves
 */
export function checkQueueFields(
  spec: QueueInput & { name?: string | undefined; image: string; tags: Record<string, string> },
  areRight: (...fields: string[]) => boolean,
  addIssue: (issue: Issue) => void,
): void {
  if (spec.delay !== undefined && spec.run_at !== undefined)
    addIssue({ code: "custom", path: ["run_at"], message: "give either delay or run_at, not both" });
  if (spec.concurrency === undefined || !areRight("concurrency", "name", "image", "tags")) return;
  const rendered = renderKey(spec.concurrency.key, { ...spec, name: spec.name ?? null });
  if ("complaint" in rendered)
    addIssue({ code: "custom", path: ["concurrency", "key"], message: rendered.complaint });
}

type QueueSpec = Pick<RunSpec, "concurrency" | "priority" | "expiresMs" | "delayMs" | "runAt">;

/** The checked fields as the core keeps them. */
export function toQueueSpec(
  input: QueueInput,
  source: { name: string | null; image: string; tags: Record<string, string> },
): QueueSpec {
  const { concurrency } = input;
  const rendered = concurrency === undefined ? null : renderKey(concurrency.key, source);
  if (rendered !== null && "complaint" in rendered) throw new Error(`the key ${rendered.complaint}`);
  return {
    concurrency:
      concurrency === undefined || rendered === null ? null : { ...concurrency, key: rendered.key },
    priority: input.priority,
    expiresMs: durationMs(input.expires),
    delayMs: input.delay === undefined ? 0 : durationMs(input.delay),
    runAt: input.run_at === undefined ? null : instantMs(input.run_at),
  };
}

/** The fields as a caller could have sent them. The key is filled in, and stays what it is. */
export function queueInput({ concurrency, priority, expiresMs, delayMs, runAt }: QueueSpec) {
  return {
    ...(concurrency !== null && { concurrency: { ...concurrency, key: literalKey(concurrency.key) } }),
    priority,
    expires: formatDuration(expiresMs),
    ...(delayMs > 0 && { delay: formatDuration(delayMs) }),
    ...(runAt !== null && { run_at: new Date(runAt).toISOString() }),
  };
}
