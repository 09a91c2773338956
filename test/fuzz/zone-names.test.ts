import { describe, expect, it } from "vitest";
import { stretchAt } from "../../src/core/schedule/zone.ts";
import { zoneComplaint } from "../../src/core/schedule/zone-name.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type Chance, oneOf } from "./json.ts";
import { rounds } from "./rounds.ts";

const ZONES = [...Intl.supportedValuesOf("timeZone"), "UTC", "Etc/GMT-2", "US/Pacific", "EST5EDT", "GMT"];
const KNOWN = new Set(Intl.supportedValuesOf("timeZone").map((zone) => zone.toLowerCase()));
const ODD = ["", " ", "/", "_", "..", "\0", "é", "+01:00", "A", "a/b", "\u2044", "%2f", "-", "0"];

/** A name that is almost one. */
function almost(chance: Chance): string {
  const zone = oneOf(chance, ZONES);
  const at = Math.floor(chance() * (zone.length + 1));
  return oneOf(chance, [
    () => zone,
    () => zone.toUpperCase(),
    () => zone.toLowerCase(),
    () => zone.slice(0, at) + oneOf(chance, ODD) + zone.slice(at),
    () => zone.slice(0, at) + zone.slice(at + 1),
    () => `${zone.split("/")[0]}/${oneOf(chance, ZONES).split("/").at(-1)}`,
    () => zone.slice(0, at),
  ])();
}

const fields = new Map<string, Intl.DateTimeFormat>();

/** How far a zone's clocks are from UTC, by the date and time that they show. */
function shownOffsetMs(timeZone: string, atMs: number): number {
  const format =
    fields.get(timeZone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      calendar: "gregory",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  fields.set(timeZone, format);
  const shown = Object.fromEntries(
    format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second) - atMs;
}

/** Whether the platform has clocks for it. */
function hasClocks(timeZone: string): boolean {
  try {
    return Number.isFinite(shownOffsetMs(timeZone, 0));
  } catch {
    return false;
  }
}

describe("the name of a time zone", () => {
  it("is taken where the platform has clocks for it, which show what is calculated, and is refused with a sentence", () => {
    const chance = seededRandom(22);
    const seen = { taken: 0, refused: 0 };
    for (let round = 0; round < rounds(400); round++) {
      const name = almost(chance);
      const complaint = zoneComplaint(name);
      if (complaint !== null) {
        seen.refused += 1;
        expect([name, KNOWN.has(name.toLowerCase())]).toEqual([name, false]);
        expect(complaint).toMatch(/^(?:must be|is no|is short)/);
        expect(complaint).not.toMatch(/undefined|\0/);
        continue;
      }
      seen.taken += 1;
      expect([name, hasClocks(name)]).toEqual([name, true]);
      const at = Math.floor(chance() * 4e9) * 1000;
      expect([name, at, stretchAt(name, at).offsetMs]).toEqual([name, at, shownOffsetMs(name, at)]);
    }
    expect(seen.taken).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
  });
});
