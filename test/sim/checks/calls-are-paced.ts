import type { Check } from "./check.ts";

const MINUTE_MS = 60_000;
/** Twice of what a run with a watcher and much output makes: one exec a second and a look now and then. */
const CALLS_MAX = 240;

export const callsArePaced: Check = {
  name: "nobody calls the Machines API without a pause",
  begin({ platform, time }) {
    let minute = 0;
    let before = new Map<string, number>();
    return {
      afterStep() {
        for (const [runId, calls] of platform.calls) {
          const made = calls - (before.get(runId) ?? 0);
          if (made > CALLS_MAX) return `run ${runId} made ${made} calls within a minute`;
        }
        const now = Math.floor(time.now() / MINUTE_MS);
        if (now !== minute) before = new Map(platform.calls);
        minute = now;
        return null;
      },
    };
  },
};
