import { expect, test } from "vitest";
import { regionComplaint } from "../../src/core/region.ts";

test.each(["ams", "zzz", "any", "apac", "eu", "na", "sa", "us", "usa", "iad,dfw", "lhr,eu,any"])(
  "%s is a region expression",
  (text) => {
    expect(regionComplaint(text)).toBeNull();
  },
);

test.each([
  "",
  "zzz zzz",
  "AMS",
  "am",
  "amst",
  "local",
  "europe",
  "a1b",
  "ams,",
  ",ams",
  "ams, eu",
  "ams;eu",
  "ams\n",
])("%j is none", (text) => {
  expect(regionComplaint(text)).toContain('such as "ams", or one of any, apac, eu, na, sa, us, usa');
});
