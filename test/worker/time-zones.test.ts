import { expect, it } from "vitest";
import { dueTimes } from "../../src/core/schedule/due.ts";
import { zoneComplaint } from "../../src/core/schedule/zone-name.ts";

/** The moments of one rule from the given one on, as text. */
function firings(cron: string, timeZone: string, after: string): string[] {
  const afterMs = Date.parse(after);
  const timing = { rule: { kind: "cron", cron, timeZone } as const, startsAt: null, endsAt: null };
  return dueTimes(timing, afterMs, afterMs + 1e12, 3).map((at) => new Date(at).toISOString().slice(0, 16));
}

it("the Workers runtime knows the zones and their changes as Node does", () => {
  expect(firings("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z")).toEqual([
    "2026-03-29T01:30",
    "2026-03-30T00:30",
    "2026-03-31T00:30",
  ]);
  expect(firings("30 1 * * *", "America/New_York", "2026-10-31T12:00Z")).toEqual([
    "2026-11-01T05:30",
    "2026-11-02T06:30",
    "2026-11-03T06:30",
  ]);
  expect(firings("*/30 * * * *", "Australia/Lord_Howe", "2026-10-03T15:00Z")).toEqual([
    "2026-10-03T15:30",
    "2026-10-03T16:00",
    "2026-10-03T16:30",
  ]);
  expect(firings("0 9 * * MON#1", "Asia/Kolkata", "2026-11-22T00:00Z")[0]).toBe("2026-12-07T03:30");
  expect(firings("0 0 L * *", "UTC", "2026-11-22T00:00Z")[0]).toBe("2026-11-30T00:00");
});

it("and names of zones are known, refused and guessed there, too", () => {
  for (const zone of Intl.supportedValuesOf("timeZone"))
    expect([zone, zoneComplaint(zone)]).toEqual([zone, null]);
  expect(Intl.supportedValuesOf("timeZone").length).toBeGreaterThan(400);
  expect(zoneComplaint("Berlin")).toContain("did you mean Europe/Berlin?");
  expect(zoneComplaint("BST")).toContain("is short for several zones");
});
