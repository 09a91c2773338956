import { isDeepStrictEqual } from "node:util";
import type { NextAttempt } from "../../../src/core/attempt.ts";
import type { RunEvent } from "../../../src/core/event.ts";
import { placeByTheBook, wrongSequel } from "./book-of-retries.ts";
import type { Check } from "./check.ts";

export const retriesFollowTheBook: Check = {
  name: "each failure is followed by what its run's policy says: whether, when, of what size and where",
  begin({ defaultRegion }) {
    const judged = new Map<string, number>();
    return {
      onChange({ state: { run }, events: numbered }) {
        const events = numbered.map(({ event }) => event);
        for (let index = judged.get(run.id) ?? 0; index < events.length; index++) {
          const event = events[index] as RunEvent;
          const before = events.slice(0, index);
          const wrong =
            event.type === "attempt_planned"
              ? wrongPlan(event)
              : event.type === "attempt_failed" || event.type === "settled"
                ? wrongSequel(run.spec, before, event)
                : null;
          if (wrong) return `run ${run.id}: after ${told(event)}: ${wrong}`;

          function wrongPlan({ at, attempt, machineConfig }: Extract<RunEvent, { type: "attempt_planned" }>) {
            if (before.some(({ type }) => type === "cancel_requested")) return "it was asked to cancel";
            const decided = placeByTheBook(run.spec, defaultRegion, nextOf(before, attempt - 1));
            if (at < decided.notBefore)
              return `attempt ${attempt} is planned ${decided.notBefore - at} ms too early`;
            const { guest, region } = machineConfig;
            return isDeepStrictEqual({ guest, region }, { guest: decided.guest, region: decided.region })
              ? null
              : `attempt ${attempt} is planned otherwise than decided`;
          }
        }
        judged.set(run.id, events.length);
        return null;
      },
    };
  },
};

function nextOf(events: RunEvent[], attempt: number): NextAttempt | null {
  const failed = events.findLast((event) => event.type === "attempt_failed" && event.attempt === attempt);
  return failed?.type === "attempt_failed" ? failed.next : null;
}

function told(event: RunEvent): string {
  return "reason" in event ? `${event.type} (${event.reason}, ${event.detail})` : event.type;
}
