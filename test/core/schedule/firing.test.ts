import { expect, it } from "vitest";
import { firingEnvironment } from "../../../src/core/schedule/firing.ts";

it("a scheduled command is told its due time as everybody else writes times", () => {
  const times = [
    0,
    1,
    951_782_400_000,
    Date.UTC(2026, 10, 22, 1, 2, 3, 45),
    Date.UTC(2096, 1, 29, 23, 59, 59, 999),
  ];
  for (const dueAt of times)
    expect(firingEnvironment({ schedule: "s", dueAt, overlap: "skip", isCaughtUp: false })).toEqual({
      MAYFLY_SCHEDULE: "s",
      MAYFLY_DUE_AT: new Date(dueAt).toISOString(),
    });
});
