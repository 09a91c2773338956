import { describe, expect, it } from "vitest";
import { overNote, timingComplaints } from "../../../src/core/schedule/complaint.ts";
import { nameOf } from "../../../src/core/schedule/name.ts";
import type { Rule, Timing } from "../../../src/core/schedule/schedule.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;
const timing = (rule: Rule, startsAt: number | null = null, endsAt: number | null = null): Timing => ({
  rule,
  startsAt,
  endsAt,
});
const cron = (text: string, timeZone = "Europe/Berlin"): Rule => ({ kind: "cron", cron: text, timeZone });
const every = (everyMs: number): Rule => ({ kind: "every", everyMs });

describe("a schedule that nothing of is due any more", () => {
  it.each([
    ["ends that are past", timing(every(1000), null, T0), "ends", "is past: the schedule is never due again"],
    ["a time that is past", timing({ kind: "at", times: [T0] }), "at", "is past"],
    ["times that are past", timing({ kind: "at", times: [T0, 0] }), "at", "has only times that are past"],
    [
      "ends before what comes next",
      timing({ kind: "at", times: [0, T0 + 2] }, null, T0 + 1),
      "ends",
      "is before the next time",
    ],
    ["the last time before ends", timing(every(DAY_MS), T0 - 1, T0 + 5), "ends", "is before the next time"],
  ])("is told of, by %s", (_, over, field, message) => {
    expect(timingComplaints(over)).toEqual([]);
    expect(overNote(over, T0)).toEqual({ field, message: expect.stringContaining(message) });
  });

  it("is not one that is due once more, or when Fly says so", () => {
    for (const due of [
      timing({ kind: "at", times: [0, T0 + 1] }),
      timing(every(1000), null, T0 + 1000 + 1),
      timing({ kind: "fly", period: "daily" }),
    ])
      expect(overNote(due, T0)).toBeNull();
  });
});

describe("when a schedule is to be due", () => {
  it("is fine where it is", () => {
    for (const fine of [
      timing(cron("30 2 * * *")),
      timing(cron("0 0 29 2 *"), T0, T0 + 3 * 365 * DAY_MS),
      timing(every(1000)),
      timing(every(366 * DAY_MS), T0, T0 + 1),
      timing({ kind: "at", times: [T0] }),
    ])
      expect(timingComplaints(fine)).toEqual([]);
  });

  it.each([
    ["cron", timing(cron("0 25 * * *")), 'has "25" as its hour; accepted are 0 to 23'],
    ["timezone", timing(cron("0 2 * * *", "Berlin")), "did you mean Europe/Berlin?"],
    ["every", timing(every(999)), "must be whole seconds, from 1s to 366d"],
    ["every", timing(every(1500)), "must be whole seconds"],
    ["every", timing(every(0)), "must be whole seconds"],
    ["every", timing(every(Number.NaN)), "must be whole seconds"],
    ["every", timing(every(367 * DAY_MS)), "must be whole seconds"],
    ["at", timing({ kind: "at", times: [] }), "must be one time, or a list of up to 100"],
    ["at", timing({ kind: "at", times: Array.from({ length: 101 }, () => T0) }), "a list of up to 100"],
    ["at", timing({ kind: "at", times: [-1] }), "must be times from the year 1970 to 9999"],
    ["at", timing({ kind: "at", times: [9e15] }), "must be times from the year 1970 to 9999"],
    ["ends", timing(cron("* * * * *"), T0, T0), "must be later than starts"],
    ["ends", timing(cron("0 0 29 2 *"), T0, T0 + DAY_MS), "is before the first time that is due"],
    ["ends", timing({ kind: "at", times: [T0] }, null, T0), "is before the first time that is due"],
  ] as const)("is refused by its field %s where it is not: %#", (field, wrong, message) => {
    expect(timingComplaints(wrong)).toEqual([{ field, message: expect.stringContaining(message) }]);
  });
});

describe("the name of a schedule that was given none", () => {
  it("is that of its rule, and of no other", () => {
    const names = [
      nameOf(cron("30 2 * * *")),
      nameOf(cron("30 3 * * *")),
      nameOf(cron("30 2 * * *", "UTC")),
      nameOf(every(900_000)),
      nameOf(every(5400_000)),
      nameOf({ kind: "at", times: [T0] }),
      nameOf({ kind: "at", times: [T0, T0 + 1] }),
    ];
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9._-]{0,62}$/);
    expect(nameOf(every(900_000))).toBe("every-15m");
    expect(nameOf(cron(" 30  2 * * mon"))).toBe(nameOf(cron("30 2 * * MON")));
    expect(nameOf({ kind: "at", times: [T0, T0 + 1] })).toBe(nameOf({ kind: "at", times: [T0 + 1, T0] }));
  });
});
