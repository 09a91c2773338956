import { isFinal, type Run } from "../../../src/core/run.ts";
import { Commits } from "../world/commits.ts";
import type { Check } from "./check.ts";

export const commitsShowTheNewest: Check = {
  name: "a commit shows in the end what its newest run came to",
  begin: (world) => ({
    atEnd() {
      if (world.switchboard === null) return null;
      const newest = new Map<string, Run>();
      for (const { state } of world.store.runs.values()) {
        const { run, attempts } = state;
        const place = placeOf(run);
        const hasRun = attempts.some(({ startedAt, exitedAt }) => startedAt !== null || exitedAt !== null);
        const isAside = run.status === "cancelled" && !hasRun;
        if (place === null || isAside || !isFinal(run.status)) continue;
        const known = newest.get(place);
        if (known === undefined || known.id < run.id) newest.set(place, run);
      }
      for (const [place, { id, status }] of newest) {
        const shown = world.switchboard.commits.set.findLast((one) => one.place === place);
        const ends = { succeeded: ["success"], failed: ["failure", "error"], cancelled: ["cancelled"] };
        const wanted = ends[status as keyof typeof ends];
        if (shown?.runId !== id || !wanted.includes(shown.state))
          return `${place} shows ${shown?.state ?? "nothing"} of run ${shown?.runId}, and its newest, ${id}, has ${status}`;
      }
      return null;
    },
  }),
};

function placeOf({ delivery }: Run): string | null {
  const { report, change } = delivery ?? {};
  if (!report || !change?.sha) return null;
  const { repository, sha } = change;
  return Commits.placeOf({
    repository: { full_name: repository.fullName, url: repository.url },
    sha,
    context: report.context,
  });
}
