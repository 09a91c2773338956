/** The options of `mayfly run` that say when a failed attempt is followed by another. */

import { InvalidArgumentError } from "commander";
import type { RunSpecInput } from "../../../api/spec-schema.ts";
import { parseDuration } from "../../../core/duration.ts";
import { RETRY_ATTEMPTS_MAX } from "../../../core/limits.ts";
import { RETRY_REASONS, type RetryReason, usesUpAttempts } from "../../../core/retry.ts";
import { RETRY_ACTIONS, type RetryAction } from "../../../core/run-spec.ts";
import { signalNumber } from "../../../core/signals.ts";
import { UsageError } from "../../cli-error.ts";

type RetryInput = NonNullable<RunSpecInput["retry"]>;
export type RetryRuleInput = NonNullable<RetryInput["rules"]>[number];

export interface RetryOptions {
  /** Attempts after the first. */
  retry?: number;
  retryWait?: string;
  retryRule?: RetryRuleInput[];
}

/**
 * Checks the options of a new run, which has one attempt unless told otherwise. A re-run has those of the run that it repeats.
 * @throws UsageError where they ask for retries and leave none
 */
export function checkRetries({ retry = 0, retryWait, retryRule = [] }: RetryOptions): void {
  if (retry > 0) return;
  const idle = retryRule.find((rule) => rule.do !== "stop" && !isForPlatform(rule));
  if (idle !== undefined) {
    const names = [...(idle.reasons ?? []), ...(idle.exit_codes ?? []), ...(idle.signals ?? [])];
    throw new UsageError(
      `--retry-rule ${names.join(",")}=${idle.do} needs --retry of 1 or more: it says how such a failure is retried, and --retry how often`,
    );
  }
  if (retryWait !== undefined && retryRule.length === 0)
    throw new UsageError("--retry-wait needs --retry of 1 or more, or a --retry-rule");
}

/** Failures of the platform's are retried in any case. */
function isForPlatform({ reasons = [], exit_codes = [], signals = [] }: RetryRuleInput): boolean {
  return exit_codes.length + signals.length === 0 && !reasons.some(usesUpAttempts);
}

/** What is sent of them; nothing where none is given, so that the deployment's defaults stand. */
export function retryOf({ retry, retryWait, retryRule }: RetryOptions): RetryInput | undefined {
  if (retry === undefined && retryWait === undefined && retryRule === undefined) return undefined;
  return {
    ...(retry !== undefined && { attempts: retry + 1 }),
    ...(retryWait !== undefined && { backoff: { initial: retryWait, max: longer(retryWait) } }),
    ...(retryRule !== undefined && { rules: retryRule }),
  };
}

/** Reads the number of `--retry`. */
export function retries(text: string): number {
  const most = RETRY_ATTEMPTS_MAX - 1;
  if (!/^\d{1,3}$/.test(text) || Number(text) > most)
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${most}.`);
  return Number(text);
}

/** The longest pause: five minutes, as without the option, or the first one where that is longer. */
function longer(wait: string): string {
  return (parseDuration(wait) ?? 0) > (parseDuration(USUAL_LONGEST) ?? 0) ? wait : USUAL_LONGEST;
}

const USUAL_LONGEST = "5m";

/** Reads "75,SIGTERM,machine_lost=next_size:30s". */
export function retryRule(text: string): RetryRuleInput {
  const match = /^([^=]+)=([a-z_]+)(?::(.+))?$/.exec(text);
  const [, failures = "", action = "", wait] = match ?? [];
  if (!isAction(action))
    throw new InvalidArgumentError(
      `It must be failures=action, and :pause where one is wanted, such as "out_of_memory=next_size" or "75,SIGTERM=same_size:30s"; actions are ${RETRY_ACTIONS.join(", ")}.`,
    );
  if (wait !== undefined && parseDuration(wait) === null)
    throw new InvalidArgumentError(`The pause "${wait}" must be a duration, such as "30s".`);
  const names = failures.split(",");
  const unknown = names.find((name) => !isCode(name) && !isSignal(name) && !isReason(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(
      `"${unknown}" is no exit code, no signal such as SIGTERM, and no reason: ${RETRY_REASONS.join(", ")}.`,
    );
  return {
    reasons: names.filter(isReason),
    exit_codes: names.filter(isCode).map(Number),
    signals: names.filter(isSignal),
    do: action,
    ...(wait !== undefined && { wait }),
  };
}

function isAction(text: string): text is RetryAction {
  return (RETRY_ACTIONS as readonly string[]).includes(text);
}

function isReason(name: string): name is RetryReason {
  return (RETRY_REASONS as readonly string[]).includes(name);
}

function isCode(name: string): boolean {
  return /^\d{1,3}$/.test(name);
}

function isSignal(name: string): boolean {
  return signalNumber(name) !== null;
}
