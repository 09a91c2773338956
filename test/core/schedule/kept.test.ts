import { expect, it } from "vitest";
import { Kept } from "../../../src/core/schedule/kept.ts";

it("what was worked out is remembered up to a bound, and made again beyond it", () => {
  const kept = new Kept<string>(2);
  const made: string[] = [];
  const get = (key: string) =>
    kept.get(key, () => {
      made.push(key);
      return key.toUpperCase();
    });
  expect(["a", "b", "a", "c", "b", "c", "a"].map(get)).toEqual(["A", "B", "A", "C", "B", "C", "A"]);
  expect(made).toEqual(["a", "b", "c", "a"]);
});
