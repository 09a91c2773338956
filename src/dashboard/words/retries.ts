/** Rules for retries in plain words. */

import type { RunBody } from "../../api/run-schema.ts";
import { ruleFits } from "../../core/retry.ts";
import type { RetryAction } from "../../core/run-spec.ts";

type Rule = RunBody["retry"]["rules"][number];

/** "exit code 75, SIGTERM: the next size, after 1m". */
export function ruleWords(rule: Rule): string {
  const { reasons, exit_codes: codes, signals } = rule;
  const failures = [
    ...reasons.map((reason) => ANY[reason] ?? reason.replaceAll("_", " ")),
    ...(codes.length > 0 ? [`exit code ${codes.join(", ")}`] : []),
    ...signals,
  ];
  return `${failures.join(", ")}: ${stepWords(rule)}`;
}

/** The reasons that codes and signals are kinds of. */
const ANY: Partial<Record<Rule["reasons"][number], string>> = {
  exit_code: "any exit code",
  signal: "any signal",
};

function stepWords({ do: action, wait }: Rule): string {
  return `${ACTION_WORDS[action]}${wait === undefined ? "" : `, after ${wait}`}`;
}

const ACTION_WORDS: Record<RetryAction, string> = {
  same_size: "the same size again",
  next_size: "the next size",
  next_region: "the next region",
  stop: "no retry",
};

/** Why the next attempt is as it is, as one sentence: by the rule that names the last failure, or for want of one. */
export function whySo({ attempts, retry }: RunBody): string | null {
  const last = attempts.at(-1);
  if (!last || last.reason === null || retry.rules.length === 0) return null;
  const { reason } = last;
  const exit = { code: last.exit_code, signal: last.signal, oomKilled: last.oom_killed };
  const rule = retry.rules.find((each) => ruleFits({ ...each, exitCodes: each.exit_codes }, reason, exit));
  return rule === undefined
    ? "No rule of the run names this failure."
    : `So says the rule “${ruleWords(rule)}”.`;
}
