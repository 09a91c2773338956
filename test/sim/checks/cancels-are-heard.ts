import { isFinal } from "../../../src/core/run.ts";
import type { Check } from "./check.ts";

/** For the sweep that tells a driver that did not hear it, a poll that is held meanwhile, and calls that are repeated. */
const SLACK_MS = 120_000;

export const cancelsAreHeard: Check = {
  name: "a run that was asked to cancel ends within its stop limit, and none is cancelled unasked",
  begin: (world) => ({
    onChange({ state: { run } }) {
      const asked = world.orderOf(run.id).cancelAskedAt;
      if (run.status === "cancelled" && asked === null) return `run ${run.id} was cancelled by nobody`;
      return null;
    },
    afterStep() {
      if (world.calmSince === null) return null;
      const now = world.time.now();
      for (const { state } of world.store.runs.values()) {
        const { id, status, cancelRequestedAt, spec } = state.run;
        if (cancelRequestedAt === null || isFinal(status)) continue;
        const since = Math.max(cancelRequestedAt, world.calmSince);
        const boundMs = spec.timeouts.stopMs + SLACK_MS + 2 * world.clockOffMaxMs;
        if (now - since > boundMs) return `run ${id} is ${status} ${now - since} ms after its cancel`;
      }
      return null;
    },
  }),
};
