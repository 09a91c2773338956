import type { Firing } from "../../../src/flow/ports/schedules.ts";
import type { Check } from "./check.ts";
import { told } from "./due-times-are-told.ts";

const WITH_RUN = ["ran", "caught_up"];

export const oneRunPerDueTime: Check = {
  name: "a due time has one run at most, and it has it exactly where the ledger says so",
  begin({ store, schedules, hasSchedules }) {
    /** By due time of a schedule: its run. */
    const runs = new Map<string, string>();
    /** Runs that were accepted ahead, and had to give their due time back. */
    const without = new Set<string>();
    return {
      onChange({ state: { run } }) {
        const { firing, job } = run;
        if (firing === null || job === null || !hasSchedules) return null;
        const key = { orgId: run.orgId, job: job.name, name: firing.schedule };
        const place = `${job.name}/${firing.schedule} ${firing.dueAt}`;
        if (without.has(run.id)) return null;
        const first = runs.get(place) ?? run.id;
        runs.set(place, first);
        if (first !== run.id) return `run ${run.id} is for the due time of run ${first}`;
        const row = schedules.row(key, firing.dueAt);
        if (row?.runId !== run.id)
          return `run ${run.id} is for a due time that has ${row?.runId ?? "no run"}`;
        const outcome = firing.isCaughtUp ? "caught_up" : "ran";
        return row.outcome === outcome ? null : `run ${run.id} is for a due time that is ${row.outcome}`;
      },
      onFiring(row: Firing | null, before: Firing | null) {
        if (row === null) return null;
        if (before?.runId && before.runId !== row.runId) {
          const isAhead = store.runs.get(before.runId)?.state.run.firing?.ahead !== undefined;
          if (row.outcome !== "armed" || !isAhead) return `${told(row)}, and had a run`;
          without.add(before.runId);
          runs.delete(`${row.job}/${row.name} ${row.dueAt}`);
        }
        const hasRun = row.runId !== null && store.runs.has(row.runId);
        return WITH_RUN.includes(row.outcome) === hasRun ? null : `${told(row)} with the run ${row.runId}`;
      },
    };
  },
};
