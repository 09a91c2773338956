/** What starts runs of a job but for its schedules and whoever asks for one, in a few words: for a list. */

import { CODE_SOURCES, type HookSource } from "./hook/spec.ts";

interface StartedJob {
  /** The jobs after whose runs it starts. */
  starts_after: readonly string[];
  hooks: readonly { source: HookSource; events: readonly string[] | null }[];
}

/** Names of one kind that a list has room for. */
const NAMED_MAX = 3;

/** "after build, test", "on push", "on calls by stripe"; none where nothing does. */
export function startsWords({ starts_after: after, hooks }: StartedJob): string[] {
  const events = hooks.flatMap(({ source, events: named }) =>
    named === null ? (CODE_SOURCES.has(source) ? ["push"] : []) : [...named],
  );
  const callers = hooks.flatMap(({ source, events: named }) =>
    named === null && !CODE_SOURCES.has(source) ? [source] : [],
  );
  return [...words("after", after), ...words("on", events), ...words("on calls by", callers)];
}

function words(kind: string, names: readonly string[]): string[] {
  const known = [...new Set(names)];
  const more = known.length > NAMED_MAX ? ` and ${known.length - NAMED_MAX} more` : "";
  return known.length === 0 ? [] : [`${kind} ${known.slice(0, NAMED_MAX).join(", ")}${more}`];
}
