/** The retry policy of a run as callers send it and as answers show it. */

import { z } from "@hono/zod-openapi";
import { formatDuration } from "../core/duration.ts";
import * as limits from "../core/limits.ts";
import { DEFAULT_RETRY, RETRY_REASONS, type RetryReason, usesUpAttempts } from "../core/retry.ts";
import { RETRY_ACTIONS, type RetryPolicy } from "../core/run-spec.ts";
import { signalNumber } from "../core/signals.ts";
import { durationField, durationMs } from "./duration-field.ts";
import { OF_ANY_OBJECT, rightFields } from "./together.ts";

const usual = DEFAULT_RETRY.backoff;

/** A number within bounds, with a default that the document shows. */
function between(min: number, max: number, fallback: number) {
  const accepted = `must be a number from ${min} to ${max}`;
  return z.number(accepted).min(min, accepted).max(max, accepted).default(fallback);
}

const backoffSchema = z
  .strictObject({
    initial: durationField("2s", 0, limits.RETRY_WAIT_MAX_MS).default(formatDuration(usual.initialMs)),
    factor: between(1, limits.RETRY_FACTOR_MAX, usual.factor),
    max: durationField("5m", 0, limits.RETRY_WAIT_MAX_MS).default(formatDuration(usual.maxMs)),
    jitter: between(0, 1, usual.jitter).openapi({
      description:
        "how much of a pause may be left out, so that what failed together is not repeated together",
    }),
  })
  .superRefine(({ initial, max }, context) => {
    if (rightFields(context)("initial", "max") && durationMs(max) < durationMs(initial))
      context.addIssue({
        code: "custom",
        path: ["max"],
        message: `can not be less than initial, ${initial}`,
      });
  }, OF_ANY_OBJECT);

const ruleSchema = z
  .strictObject({
    reasons: z
      .array(
        z.enum(
          RETRY_REASONS as [RetryReason, ...RetryReason[]],
          `must be a reason that can be retried: ${RETRY_REASONS.join(", ")}`,
        ),
      )
      .max(RETRY_REASONS.length)
      .default([]),
    exit_codes: z
      .array(z.int("must be an exit code from 1 to 255").min(1).max(255))
      .max(limits.RETRY_RULE_CODES_MAX)
      .default([]),
    signals: z
      .array(
        z
          .string()
          .refine((name) => signalNumber(name) !== null, 'must be a signal\'s name, such as "SIGTERM"'),
      )
      .max(limits.RETRY_RULE_CODES_MAX)
      .default([]),
    do: z.enum(RETRY_ACTIONS).openapi({
      description:
        "same_size: the same machine once more. next_size: twice the memory, with as many CPUs as it needs. next_region: the next of regions, which has to have two or more. stop: no retry.",
    }),
    wait: durationField("30s", 0, limits.RETRY_WAIT_MAX_MS)
      .optional()
      .openapi({ description: "pause before the attempt, in place of the backoff" }),
  })
  .superRefine((rule, context) => {
    const areRight = rightFields(context);
    if (
      areRight("reasons", "exit_codes", "signals") &&
      rule.reasons.length + rule.exit_codes.length + rule.signals.length === 0
    )
      context.addIssue({
        code: "custom",
        path: ["reasons"],
        message: "is needed, or exit_codes or signals: the rule is for no failure",
      });
    if (rule.do === "stop" && rule.wait !== undefined)
      context.addIssue({ code: "custom", path: ["wait"], message: 'has no use with do "stop"' });
  }, OF_ANY_OBJECT);

const NEEDS_ATTEMPTS =
  "needs retry.attempts of 2 or more: a retry of such a failure uses up one of them, and there is one by default";

/** Which list of a rule names failures that it can not retry, as the job has but one attempt; null where none does. */
function listWithoutAttempts({ reasons, exit_codes, signals }: z.output<typeof ruleSchema>) {
  const index = reasons.findIndex(usesUpAttempts);
  if (index >= 0) return ["reasons", index];
  if (exit_codes.length > 0) return ["exit_codes"];
  return signals.length > 0 ? ["signals"] : null;
}

export const retrySchema = z
  .strictObject({
    attempts: z
      .int()
      .min(1)
      .max(limits.RETRY_ATTEMPTS_MAX)
      .default(DEFAULT_RETRY.attempts)
      .openapi({
        description: `attempts that may fail of the job's own doing, the first among them. A lost machine or one that was not up in time does not count: of those there can be ${limits.PLATFORM_FAILURES_MAX} in a run. Nor does a refusal for want of room, which walks the regions until the queue limit, ${limits.CAPACITY_REFUSALS_MAX} times at most.`,
      }),
    backoff: backoffSchema.prefault({}),
    rules: z.array(ruleSchema).max(limits.RETRY_RULES_MAX).default([]).openapi({
      description:
        "the first rule that names the failure is taken. Where none does: exit codes, signals and want of memory are retried at the same size while attempts are left, lost machines and slow boots at the same size, no_capacity in the next region; nothing else is. A rule that retries what no_capacity and machine_lost do not name needs attempts of 2 or more.",
    }),
  })
  .superRefine(({ attempts, rules }, context) => {
    const areRight = rightFields(context);
    if (!areRight("attempts") || !Array.isArray(rules)) return;
    for (const [index, rule] of rules.entries()) {
      if (!areRight(["rules", index])) continue;
      const list = attempts > 1 || rule.do === "stop" ? null : listWithoutAttempts(rule);
      if (list !== null)
        context.addIssue({
          code: "custom",
          path: ["rules", index, ...list],
          message: NEEDS_ATTEMPTS,
        });
    }
  }, OF_ANY_OBJECT)
  .openapi("Retry");

/** The checked input as the core keeps it. */
export function toRetryPolicy({ attempts, backoff, rules }: z.output<typeof retrySchema>): RetryPolicy {
  return {
    attempts,
    backoff: {
      initialMs: durationMs(backoff.initial),
      factor: backoff.factor,
      maxMs: durationMs(backoff.max),
      jitter: backoff.jitter,
    },
    rules: rules.map((rule) => ({
      reasons: rule.reasons,
      exitCodes: rule.exit_codes,
      signals: rule.signals,
      do: rule.do,
      waitMs: rule.wait === undefined ? null : durationMs(rule.wait),
    })),
  };
}

/** The policy as a caller could have sent it. */
export function retryBody({ attempts, backoff, rules }: RetryPolicy) {
  return {
    attempts,
    backoff: {
      initial: formatDuration(backoff.initialMs),
      factor: backoff.factor,
      max: formatDuration(backoff.maxMs),
      jitter: backoff.jitter,
    },
    rules: rules.map((rule) => ({
      reasons: rule.reasons,
      exit_codes: rule.exitCodes,
      signals: rule.signals,
      do: rule.do,
      ...(rule.waitMs !== null && { wait: formatDuration(rule.waitMs) }),
    })),
  };
}

/** The same in an answer: every field is there, but `wait` where the backoff rules. */
export const retryBodySchema = z
  .object({
    attempts: z.int(),
    backoff: z.object({ initial: z.string(), factor: z.number(), max: z.string(), jitter: z.number() }),
    rules: z.array(
      z.object({
        reasons: z.array(z.enum(RETRY_REASONS as [RetryReason, ...RetryReason[]])),
        exit_codes: z.array(z.int()),
        signals: z.array(z.string()),
        do: z.enum(RETRY_ACTIONS),
        wait: z.string().optional(),
      }),
    ),
  })
  .openapi("RetryPolicy");
