import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalStart, startLocally } from "../support/local-mayfly.ts";
import { eventually } from "../support/processes.ts";

const RUNS = 6;
/** Less than the minute after which the cron fires again. */
const BACK_WITHIN_MS = 40_000;

let mayfly: LocalStart;
beforeAll(async () => {
  mayfly = await startLocally();
});
afterAll(() => mayfly?.close());

it("npm start, killed with all its programs and started again, goes on with its runs at once and not with the next minute", async () => {
  const ids: string[] = [];
  for (let index = 0; index < RUNS; index++) {
    // Their news is fresh, and they have no alarm yet, when the worker is back.
    const command = ["sh", "-c", `sleep 1; echo run ${index}`];
    ids.push((await mayfly.client.submit({ image: "debian:12", command }, randomUUID())).id);
  }
  await mayfly.program.end("SIGKILL");
  mayfly = await startLocally(undefined, undefined, mayfly.folder);
  // The list wakes no driver, as showing a run would.
  const ended = await eventually(
    "the end of all runs",
    async () => {
      const { runs } = await mayfly.client.list({});
      return runs.every(({ settled_at }) => settled_at !== null) && runs;
    },
    BACK_WITHIN_MS,
  );
  expect(ended.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const shown = await Promise.all(ids.map((id) => mayfly.client.show(id)));
  // Whole, as what went wrong stands in its attempts.
  const others = shown.filter(({ status, exit_code }) => status !== "succeeded" || exit_code !== 0);
  expect(others).toEqual([]);
});
