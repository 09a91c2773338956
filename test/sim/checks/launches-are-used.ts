import type { Check } from "./check.ts";

/** Of those that one attempt takes between two asks, where drivers die or come late again and again. */
const UNUSED_MAX = 12;

export const launchesAreUsed: Check = {
  name: "no attempt takes launch after launch, or says again and again that it asks, and never asks",
  begin({ platform }) {
    /** By machine name: how many such events there were when it was last asked for. */
    const before = new Map<string, { creates: number; events: number }>();
    return {
      onChange({ state, events }) {
        const attempt = state.attempts.at(-1);
        if (attempt === undefined) return null;
        const { machineName, number } = attempt;
        const creates = platform.creates.get(machineName) ?? 0;
        const taken = events.filter(
          ({ event }) => event.type === "launch_taken" && event.attempt === number,
        ).length;
        const then = before.get(machineName) ?? { creates: 0, events: 0 };
        if (then.creates !== creates) before.set(machineName, { creates, events: taken });
        const unused = taken - (before.get(machineName)?.events ?? 0);
        return unused > UNUSED_MAX ? `${machineName} had ${unused} launches and was not asked for` : null;
      },
    };
  },
};
