import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { freshName, isLeftover } from "../../../src/fly-local/processes/leftovers.ts";

it.skipIf(process.platform !== "linux")(
  "what a server made is left over once that server is gone, and not before",
  () => {
    const names = Array.from({ length: 100 }, freshName);
    expect(new Set(names).size).toBe(100);
    expect(names.filter(isLeftover)).toEqual([]);
    const { pid } = spawnSync("true");
    const [, , start, id] = names[0]?.split("-") ?? [];
    expect(isLeftover(`mayfly-${pid}-${start}-${id}`)).toBe(true);
  },
);

it.skipIf(process.platform !== "linux")(
  "a server with the number of one that is gone does not take its things for its own",
  () => {
    const [, pid, start, id] = freshName().split("-");
    expect(isLeftover(`mayfly-${pid}-${Number(start) - 1}-${id}`)).toBe(true);
  },
);

it("what others made is nobody's leftover", () => {
  expect(["mayfly-server", "mayfly-1", "user.slice", "mayfly-999999-x"].filter(isLeftover)).toEqual([]);
});
