/** What a hook's rules say of a delivery. */

import { EXPRESSION_MAX_STEPS, HOOK_GLOB_MAX_STEPS } from "../limits.ts";
import { TooManySteps } from "../pattern/match.ts";
import type { Change } from "./change.ts";
import type { Allowance, Delivery, FilteredWhy, Judge } from "./delivery.ts";
import { evaluate } from "./expression/evaluate.ts";
import { Meter } from "./expression/meter.ts";
import { parseExpression } from "./expression/parse.ts";
import { variablesOf } from "./expression/variables.ts";
import { globMatcher } from "./glob.ts";
import { skipWord } from "./skip-ci.ts";
import { CODE_SOURCES, type HookFilter } from "./spec.ts";

interface Refusal {
  why: FilteredWhy;
  detail: string;
}

/** Events that tell of what a push tells of, too: each would start a run. */
const TOLD_BY_PUSH = new Set(["create", "release"]);

/** Steps of globs in the time of one of an expression. */
const GLOB_STEPS_PER_STEP = 16;

/** Events that tell of a pull request itself; of those about its reviews and comments every action counts. */
const OF_PULL_REQUESTS = new Set(["pull_request", "merge_request"]);

export const judge: Judge = (filter, delivery, allowance = { left: Number.POSITIVE_INFINITY }) => {
  if (delivery.isPing) return { verdict: "ping" };
  const change = delivery.changes[0] ?? null;
  const doubts: string[] = [];
  const refusal = refusalOf(filter, delivery, change, allowance, doubts);
  return refusal === null
    ? { verdict: "take", change, undecided: doubts[0] ?? null }
    : { verdict: "filtered", ...refusal, change };
};

function refusalOf(
  filter: HookFilter,
  delivery: Delivery,
  change: Change | null,
  allowance: Allowance,
  doubts: string[],
): Refusal | null {
  return (
    byEvent(filter, delivery, change) ??
    (change === null
      ? null
      : (byDeletion(filter, change) ??
        bySkipWord(change) ??
        byRef(filter, change, allowance) ??
        byPaths(filter, change, allowance, doubts))) ??
    byExpression(filter, delivery, change, allowance)
  );
}

/** Without `events`, of senders of code what changes it: pushes, and pull requests with new commits. Of all others everything. */
function byEvent(
  { events }: HookFilter,
  { source, event, action, missed }: Delivery,
  change: Change | null,
): Refusal | null {
  const told = action === null ? event : `${event}.${action}`;
  if (events === undefined) {
    if (change === null && CODE_SOURCES.has(source))
      return {
        why: "event",
        detail:
          missed === undefined
            ? `${told} tells of no change in code; name it in events to take it all the same`
            : `what has changed was not understood: ${missed}`,
      };
    if (change?.pullRequest?.hasNewCommits === false)
      return {
        why: "event",
        detail: `${told} brings no new commits; name it in events to take it all the same`,
      };
    return TOLD_BY_PUSH.has(event)
      ? {
          why: "event",
          detail: `a push tells of its tag or branch, too; name ${event === "release" ? "release.published" : event} in events to take it all the same`,
        }
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
  if (named !== event && (named !== change?.kind || TOLD_BY_PUSH.has(event))) return false;
  return change?.pullRequest?.hasNewCommits !== false;
}

function byDeletion({ events }: HookFilter, { kind, ref }: Change): Refusal | null {
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
function byRef(
  { branches, tags }: HookFilter,
  { branch, tag, pullRequest }: Change,
  allowance: Allowance,
): Refusal | null {
  if (branches === undefined && tags === undefined) return null;
  const [why, globs, name] =
    tag === null
      ? (["branch", branches, pullRequest?.baseRef ?? branch ?? ""] as const)
      : (["tag", tags, tag] as const);
  if (globs === undefined)
    return { why, detail: `${why} ${name}: only ${why === "tag" ? "branches" : "tags"} are taken` };
  const taken = isTaken(globs, [name], allowance);
  if (taken === true) return null;
  // What these keep out may be anybody's: in doubt it is not taken.
  return taken === null
    ? { why, detail: `${why} ${name}: whether it fits ${globs.join(", ")} takes too many steps to tell` }
    : { why, detail: `${why} ${name} does not fit ${globs.join(", ")}` };
}

/** @param doubts where it is told what these could not decide, for whoever asks why there is a run */
function byPaths(
  { paths: globs }: HookFilter,
  { paths, tag, kind, pullRequest }: Change,
  allowance: Allowance,
  doubts: string[],
): Refusal | null {
  if (globs === undefined) return null;
  if (paths === null) {
    const what = pullRequest !== null ? "a pull request" : tag !== null ? "a tag" : "this push";
    doubts.push(`paths did not count: the sender does not tell all files of ${what}`);
    return null;
  }
  if (tag !== null || kind === "delete") return null;
  const taken = isTaken(globs, paths, allowance);
  if (taken === true) return null;
  if (taken === null) {
    // In doubt it is: of a branch that is taken, a run too many does less harm than one too few.
    doubts.push("paths did not count: whether a changed file fits takes too many steps to tell");
    return null;
  }
  const detail =
    paths.length === 0
      ? "its commits change no files, and so none of paths"
      : `none of the ${paths.length} changed files fits ${globs.join(", ")}`;
  return { why: "path", detail };
}

/** Whether one of the names is taken in; null where that takes too many steps to tell. */
function isTaken(globs: readonly string[], names: readonly string[], allowance: Allowance): boolean | null {
  const given = Math.min(HOOK_GLOB_MAX_STEPS, GLOB_STEPS_PER_STEP * allowance.left);
  const steps = { left: given };
  try {
    return names.some(globMatcher(globs, steps));
  } catch (error) {
    if (error instanceof TooManySteps) return null;
    throw error;
  } finally {
    allowance.left -= (given - Math.max(0, steps.left)) / GLOB_STEPS_PER_STEP;
  }
}

function byExpression(
  { if: source }: HookFilter,
  delivery: Delivery,
  change: Change | null,
  allowance: Allowance,
): Refusal | null {
  if (source === undefined) return null;
  const expression = parseExpression(source);
  if ("complaint" in expression) return { why: "if", detail: `if ${expression.complaint}` };
  const given = Math.min(EXPRESSION_MAX_STEPS, allowance.left);
  const meter = new Meter(given);
  const evaluated = evaluate(expression, variablesOf(delivery, change), meter);
  allowance.left -= given - meter.left;
  if ("complaint" in evaluated) return { why: "if", detail: `if has no value: ${evaluated.complaint}` };
  if (evaluated.value === true) return null;
  return {
    why: "if",
    detail: evaluated.value === false ? "if is false" : "if must be true or false, and is neither",
  };
}
