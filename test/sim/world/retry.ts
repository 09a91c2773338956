/** How an order wants its failures followed, drawn small enough for one seed. */

import { DEFAULT_RETRY, RETRY_REASONS } from "../../../src/core/retry.ts";
import { RETRY_ACTIONS, type RetryPolicy, type RetryRule } from "../../../src/core/run-spec.ts";
import type { Chance } from "../chance.ts";

/** No order of the simulator has a repository to check out. */
const REASONS = RETRY_REASONS.filter((reason) => reason !== "git_missing" && reason !== "checkout_failed");

export function aRetryPolicy(chance: Chance): RetryPolicy {
  if (chance.number("has a retry policy") < 0.35) return DEFAULT_RETRY;
  const initialMs = chance.between("initial pause", 0, 8000);
  return {
    attempts: chance.between("attempts", 1, 4),
    backoff: {
      initialMs,
      factor: chance.pick("factor", [1, 1.5, 2, 3]),
      maxMs: initialMs + chance.between("longest pause", 0, 30_000),
      jitter: chance.pick("jitter", [0, 0.2, 1]),
    },
    rules: Array.from({ length: chance.between("rules", 0, 4) }, () => aRule(chance)),
  };
}

function aRule(chance: Chance): RetryRule {
  const some = <T>(label: string, share: number, choices: readonly T[]): T[] =>
    chance.number(`rule names ${label}`) < share ? choices.filter(() => chance.number(label) < 0.35) : [];
  return {
    reasons: some("reasons", 0.8, REASONS),
    exitCodes: some("exit codes", 0.3, [1, 3, 75, 137, 139, 143]),
    signals: some("signals", 0.3, ["SIGKILL", "SIGSEGV", "SIGTERM"]),
    do: chance.pick("action", RETRY_ACTIONS),
    waitMs: chance.number("rule has a wait") < 0.4 ? chance.between("rule waits", 0, 40_000) : null,
  };
}
