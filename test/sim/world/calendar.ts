/** When a seed begins, and by which clocks its cron schedules go: in some worlds with schedules these change soon after. */

import { T0 } from "../../support/a-run.ts";
import type { Chance } from "../chance.ts";

export interface Calendar {
  /** Epoch milliseconds. */
  beginsAt: number;
  timeZone: string;
  /** Of local time, around the change of clocks: for schedules with fixed hours. */
  hours: string;
}

/** Where clocks do not change all worlds begin at the same time. */
export const STEADY: Calendar = { beginsAt: T0, timeZone: "UTC", hours: "10-12" };

/** Changes of clocks, each with the local hour before it. */
const CHANGES: readonly [Calendar, ...Calendar[]] = [
  // The hour from two on is skipped …
  { timeZone: "Europe/Berlin", beginsAt: Date.UTC(2026, 2, 29, 1), hours: "1-2" },
  // … that before two is shown twice …
  { timeZone: "America/New_York", beginsAt: Date.UTC(2026, 10, 1, 6), hours: "1-2" },
  // … and here half of it.
  { timeZone: "Australia/Lord_Howe", beginsAt: Date.UTC(2026, 3, 4, 15), hours: "1-2" },
];

export function aCalendar(chance: Chance): Calendar {
  if (!chance.fault("clocks change", 0.6)) return STEADY;
  const change = chance.pick("change of clocks", CHANGES);
  return { ...change, beginsAt: change.beginsAt - chance.between("clocks change after", 60, 900) * 1000 };
}
