import { afterEach, expect, it } from "vitest";
import { type LocalStart, startLocally } from "../support/local-mayfly.ts";

let mayfly: LocalStart | null = null;
afterEach(() => mayfly?.close());

it.each([
  ["before it is ready", "starting the worker on"],
  ["while the first job is shown", "working … 1 of 3"],
])("Ctrl-C %s ends a start without another step of it and without a complaint", async (_, at) => {
  mayfly = await startLocally([], at);
  const before = mayfly.program.log();
  process.kill(mayfly.program.pid, "SIGINT");
  expect(await mayfly.program.exited).toBe(0);
  const after = mayfly.program.log().slice(before.length);
  expect(after).toContain("ending what was started");
  expect(after).not.toMatch(/first job|ready|failed|Mayfly is up/);
});
