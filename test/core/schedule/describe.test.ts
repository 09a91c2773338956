import { expect, it } from "vitest";
import { describeRule } from "../../../src/core/schedule/describe.ts";

it.each([
  ["30 2 * * *", "at 02:30 every day, Europe/Berlin"],
  ["0 9,17 * * MON-FRI", "at 09:00 and 17:00 on Monday to Friday, Europe/Berlin"],
  ["0 9 * * 1,4", "at 09:00 on Mondays and Thursdays, Europe/Berlin"],
  ["0 0 1,15 * *", "at 00:00 on day 1 and 15 of each month, Europe/Berlin"],
  ["0 0 L * *", "at 00:00 on the last day of each month, Europe/Berlin"],
  ["0 0 LW * *", "at 00:00 on the last weekday of each month, Europe/Berlin"],
  ["* * * * *", "every minute, Europe/Berlin"],
  ["*/5 * * * *", "every 5 minutes, Europe/Berlin"],
  ["*/5 * * * 6", "every 5 minutes on Saturdays, Europe/Berlin"],
  ["@hourly", "every hour, Europe/Berlin"],
  ["10 * * * *", "every hour at :10, Europe/Berlin"],
])("%s is said in words", (cron, words) => {
  expect(describeRule({ kind: "cron", cron, timeZone: "Europe/Berlin" })).toBe(words);
});

it.each([
  "*/7 * * * *",
  "0 9 * * MON#1",
  "0 0 13 * 5",
  "0 0 15W * *",
  "0 0 1 6 *",
  "*/5 2 * * *",
  "5 0 0 * * *",
  "0 0 L,3 * *",
  "0 0-23 * * *",
])("%s stands for itself, as short words would say something else", (cron) => {
  expect(describeRule({ kind: "cron", cron, timeZone: "UTC" })).toBe(`cron ${cron}, UTC`);
});

it("so are intervals and given times", () => {
  expect(describeRule({ kind: "every", everyMs: 900_000 })).toBe("every 15m");
  expect(describeRule({ kind: "fly", period: "daily" })).toBe("daily, by Fly's own scheduler");
  expect(describeRule({ kind: "at", times: [Date.UTC(2026, 11, 24, 18)] })).toBe(
    "once, at 2026-12-24 18:00 UTC",
  );
  expect(
    describeRule({ kind: "at", times: [Date.UTC(2027, 0, 1, 0, 0, 5), Date.UTC(2026, 11, 24, 18)] }),
  ).toBe("at 2 times, from 2026-12-24 18:00 UTC to 2027-01-01 00:00:05 UTC");
});
