import type { Check } from "./check.ts";

export const rerunsNameTheirOrigin: Check = {
  name: "a re-run orders what it was asked for and names the run that it repeats, and no other does",
  begin: (world) => ({
    onChange({ state: { run }, events: [accepted] }) {
      const { repeats, spec } = world.orderOf(run.id);
      const origin = repeats?.answers[0] ?? null;
      if (run.originId !== origin)
        return `run ${run.id} repeats ${run.originId}, and was to repeat ${origin}`;
      return accepted?.event.type === "accepted" && accepted.event.spec === spec
        ? null
        : `run ${run.id} has not the spec that was ordered`;
    },
  }),
};
