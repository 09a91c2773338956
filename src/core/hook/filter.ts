/** What a hook's rules say of a delivery. */

import { EXPRESSION_MAX_STEPS, HOOK_GLOB_MAX_STEPS } from "../limits.ts";
import { type Steps, TooManySteps } from "../pattern/match.ts";
import type { Change } from "./change.ts";
import type { Delivery, FilteredWhy, Judge, Judgement } from "./delivery.ts";
import { evaluate } from "./expression/evaluate.ts";
import { Meter } from "./expression/meter.ts";
import { parseExpression } from "./expression/parse.ts";
import { variablesOf } from "./expression/variables.ts";
import { globMatcher } from "./glob.ts";
import { skipWord } from "./skip-ci.ts";
import { CODE_SOURCES, type HookFilter } from "./spec.ts";

/** A hook's rules for one delivery: what takes work is done once for all of its changes, and they share the steps for it. */
interface Rules extends Omit<HookFilter, "if"> {
  isTaken(globs: readonly string[], names: readonly string[]): boolean;
  /** Why an expression that is there starts nothing; null where it is true or not there. */
  refusalBy(change: Change | null): Refusal | null;
}

interface Refusal {
  why: FilteredWhy;
  detail: string;
}

/** Events that tell of a pull request itself; of those about its reviews and comments every action counts. */
const OF_PULL_REQUESTS = new Set(["pull_request", "merge_request"]);

/** Steps of globs in the time of one of an expression. */
const GLOB_STEPS_PER_STEP = 16;

export const judge: Judge = (filter, delivery, spent = { steps: 0 }) => {
  if (delivery.isPing) return { verdict: "ping" };
  const meter = new Meter(EXPRESSION_MAX_STEPS);
  const globSteps = { left: HOOK_GLOB_MAX_STEPS };
  const rules = rulesOf(filter, delivery, meter, globSteps);
  const judgement = judged(rules, delivery);
  spent.steps += EXPRESSION_MAX_STEPS - meter.left;
  spent.steps += (HOOK_GLOB_MAX_STEPS - Math.max(0, globSteps.left)) / GLOB_STEPS_PER_STEP;
  return judgement;
};

function judged(rules: Rules, delivery: Delivery): Judgement {
  const changes: readonly (Change | null)[] = delivery.changes.length === 0 ? [null] : delivery.changes;
  let first: (Refusal & { change: Change | null }) | null = null;
  for (const change of changes) {
    const refusal = refusalOf(rules, delivery, change);
    if (refusal === null) return { verdict: "take", change };
    first ??= { ...refusal, change };
  }
  return { verdict: "filtered", ...(first ?? { why: "event", detail: "it tells of nothing", change: null }) };
}

function rulesOf(filter: HookFilter, delivery: Delivery, meter: Meter, globSteps: Steps): Rules {
  const { if: source, ...rules } = filter;
  const matchers = new Map<readonly string[], (name: string) => boolean>();
  const expression = source === undefined ? null : parseExpression(source);
  return {
    ...rules,

    isTaken(globs, names) {
      const matcher = matchers.get(globs) ?? globMatcher(globs, globSteps);
      matchers.set(globs, matcher);
      try {
        return names.some(matcher);
      } catch (error) {
        // Where it takes too many steps to tell it is: a run too many does less harm than one too few.
        if (error instanceof TooManySteps) return true;
        throw error;
      }
    },

    refusalBy(change) {
      if (expression === null) return null;
      if ("complaint" in expression) return { why: "if", detail: `if ${expression.complaint}` };
      const evaluated = evaluate(expression, variablesOf(delivery, change), meter);
      if ("complaint" in evaluated) return { why: "if", detail: `if has no value: ${evaluated.complaint}` };
      if (evaluated.value === true) return null;
      const isFalse = evaluated.value === false;
      return { why: "if", detail: isFalse ? "if is false" : "if must be true or false, and is neither" };
    },
  };
}

function refusalOf(rules: Rules, delivery: Delivery, change: Change | null): Refusal | null {
  return (
    byEvent(rules, delivery, change) ??
    (change === null
      ? null
      : (byDeletion(rules, change) ??
        bySkipWord(change) ??
        byRef(rules, change) ??
        byPaths(rules, change))) ??
    rules.refusalBy(change)
  );
}

/** Without `events`, of senders of code what changes it: pushes, and pull requests with new commits. Of all others everything. */
function byEvent(
  { events }: Rules,
  { source, event, action }: Delivery,
  change: Change | null,
): Refusal | null {
  const told = action === null ? event : `${event}.${action}`;
  if (events === undefined) {
    if (change === null && CODE_SOURCES.has(source))
      return {
        why: "event",
        detail: `${told} tells of no change in code; name it in events to take it all the same`,
      };
    if (change?.pullRequest?.hasNewCommits === false)
      return {
        why: "event",
        detail: `${told} brings no new commits; name it in events to take it all the same`,
      };
    // It tells of what a push tells, too, and both would start a run.
    return event === "create"
      ? { why: "event", detail: "the push tells of it, too; name create in events to take it all the same" }
      : null;
  }
  if (events.some((named) => isNamed(named, event, action, change))) return null;
  return { why: "event", detail: `${told} is not among the events ${events.join(", ")}` };
}

/** By the sender's own names, and by the change's kind, which is the same for all senders. */
function isNamed(named: string, event: string, action: string | null, change: Change | null): boolean {
  const told = action === null ? event : `${event}.${action}`;
  if (named.endsWith("*")) return told.startsWith(named.slice(0, -1)) || event === named.slice(0, -2);
  if (action !== null && named === told) return true;
  if (named === event && !OF_PULL_REQUESTS.has(event)) return true;
  if (named !== event && named !== change?.kind) return false;
  return change?.pullRequest?.hasNewCommits !== false;
}

function byDeletion({ events }: Rules, { kind, ref }: Change): Refusal | null {
  if (kind !== "delete" || events?.includes("delete")) return null;
  return { why: "deleted", detail: `${ref} was deleted` };
}

function bySkipWord(change: Change): Refusal | null {
  const word = change.kind === "delete" ? null : skipWord(change);
  if (word === null) return null;
  const where = change.pullRequest === null ? "commit" : "pull request";
  return { why: "skip_ci", detail: `the ${where} says ${word}` };
}

/** With globs of branches alone no tag is taken, and with globs of tags alone no branch, as by GitHub Actions. */
function byRef({ branches, tags, isTaken }: Rules, { branch, tag, pullRequest }: Change): Refusal | null {
  if (branches === undefined && tags === undefined) return null;
  const [why, globs, name] =
    tag === null
      ? (["branch", branches, pullRequest?.baseRef ?? branch ?? ""] as const)
      : (["tag", tags, tag] as const);
  if (globs === undefined)
    return { why, detail: `${why} ${name}: only ${why === "tag" ? "branches" : "tags"} are taken` };
  return isTaken(globs, [name]) ? null : { why, detail: `${why} ${name} does not fit ${globs.join(", ")}` };
}

function byPaths({ paths: globs, isTaken }: Rules, { paths, tag, kind }: Change): Refusal | null {
  if (globs === undefined || paths === null || tag !== null || kind === "delete") return null;
  if (isTaken(globs, paths)) return null;
  return { why: "path", detail: `none of the ${paths.length} changed files fits ${globs.join(", ")}` };
}
