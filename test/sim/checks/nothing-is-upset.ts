import type { Check } from "./check.ts";

export const nothingIsUpset: Check = {
  name: "whoever drives a run, or answers a request, meets no errors but those of calls that fail",
  begin: (world) => ({
    afterStep: () => world.upsets[0] ?? null,
  }),
};
