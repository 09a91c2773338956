/** Who wants which facts, and is told of them as what. */

import type { Fact } from "../notification/fact.ts";
import { type FactWord, TYPES_OF_FACT, type WebhookEvent } from "./event-types.ts";
import { matchesName } from "./name-pattern.ts";
import type { Subscription } from "./webhook.ts";

/** As what a subscriber is told of a fact: the most telling of the types that it wants; null where it wants none. */
export function typeFor({ events, jobs, tags }: Subscription, fact: Fact): WebhookEvent | null {
  const type = TYPES_OF_FACT[wordOf(fact)].find((each) => events.includes(each)) ?? null;
  const job = fact.kind === "run" ? (fact.run.job?.name ?? null) : fact.alert.job;
  if (jobs !== null && (job === null || !jobs.some((pattern) => matchesName(pattern, job)))) return null;
  const has: Record<string, string> = fact.kind === "run" ? fact.run.tags : {};
  const isTagged = ([key, value]: [string, string]) => Object.hasOwn(has, key) && has[key] === value;
  if (tags !== null && !Object.entries(tags).every(isTagged)) return null;
  return type;
}

function wordOf(fact: Fact): FactWord {
  if (fact.kind === "alert") return fact.alert.type;
  const { event } = fact;
  return event.type === "settled" ? `settled:${event.status}` : event.type;
}
