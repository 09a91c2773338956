import { describe, expect, it } from "vitest";
import { stretchAt } from "../../../src/core/schedule/zone.ts";
import { zoneComplaint } from "../../../src/core/schedule/zone-name.ts";

const HOUR_MS = 3_600_000;

describe("the name of a time zone", () => {
  it("may be any that the IANA database has, links and fixed ones too", () => {
    for (const name of [
      ...Intl.supportedValuesOf("timeZone"),
      "Asia/Kolkata",
      "US/Pacific",
      "EST5EDT",
      "Etc/GMT-2",
    ])
      expect([name, zoneComplaint(name)]).toEqual([name, null]);
  });

  it.each([
    ["Europe/Berlim", "is no IANA time zone, such as Europe/Berlin or UTC; did you mean Europe/Berlin"],
    ["berlin", "did you mean Europe/Berlin?"],
    ["New York", "did you mean America/New_York?"],
    ["Tokio", "did you mean Asia/Tokyo?"],
    ["BST", "is short for several zones; name a place instead, such as Europe/London"],
    ["ist", "is short for several zones"],
    ["+02:00", "must be the name of an IANA time zone, such as Europe/Berlin or UTC"],
    ["", "must be the name of an IANA time zone"],
    ["Mars/Olympus_Mons", "is no IANA time zone"],
    ["SystemV/PST8", "is no IANA time zone"],
    [`A${"/B".repeat(5000)}`, "must be the name of an IANA time zone"],
    ["../../etc/passwd", "must be the name of an IANA time zone"],
  ])("%j is refused, and what was meant is guessed", (name, expected) => {
    expect(zoneComplaint(name)).toContain(expected);
  });
});

describe("clocks", () => {
  it("change where they do, by as much as they do", () => {
    const change = Date.parse("2026-03-29T01:00:00Z");
    expect(stretchAt("Europe/Berlin", change)).toMatchObject({
      from: change,
      offsetMs: 2 * HOUR_MS,
      offsetBeforeMs: HOUR_MS,
    });
    expect(stretchAt("Europe/Berlin", change - 1)).toMatchObject({ to: change, offsetMs: HOUR_MS });
    expect(stretchAt("Australia/Lord_Howe", Date.parse("2026-10-04T00:00:00Z"))).toMatchObject({
      offsetMs: 11 * HOUR_MS,
      offsetBeforeMs: 10.5 * HOUR_MS,
    });
    expect(stretchAt("Pacific/Apia", Date.parse("2011-12-30T20:00:00Z"))).toMatchObject({
      offsetMs: 14 * HOUR_MS,
      offsetBeforeMs: -10 * HOUR_MS,
    });
    expect(stretchAt("Africa/Monrovia", 0).offsetMs).toBe(-(44 * 60 + 30) * 1000);
  });

  it("are told of the same at any moment of a stretch, and stretches follow each other without a hole", () => {
    for (const zone of ["America/New_York", "Africa/Casablanca", "Asia/Kathmandu", "UTC"])
      for (let at = Date.UTC(2025, 0, 1); at < Date.UTC(2027, 0, 1); ) {
        const { to, offsetMs } = stretchAt(zone, at);
        for (const moment of [at, Math.min(to, at + 30 * 24 * HOUR_MS) - 1])
          expect(stretchAt(zone, moment).offsetMs).toBe(offsetMs);
        expect(to).toBeGreaterThan(at);
        at = to;
      }
  });
});
