import { afterAll, beforeAll, expect, it } from "vitest";
import type { FiringBody, FiringListBody } from "../../src/api/firing-schema.ts";
import type { RunBody, RunListBody } from "../../src/api/run-schema.ts";
import { eventually } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await stack.call(path, init);
  expect(response.status).toBeLessThan(300);
  return (await response.json()) as T;
}

/** All of a list, page by page, oldest first. */
async function all<T>(path: string, of: (page: { next_cursor: string | null }) => T[]): Promise<T[]> {
  const found: T[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { next_cursor: string | null } = await call("GET", `${path}limit=200${more}`);
    found.push(...of(page));
    cursor = page.next_cursor;
  }
  return found.toReversed();
}

const ledger = (job: string) =>
  all<FiringBody>(`/v1/schedules/${job}/s/firings?`, (page) => (page as FiringListBody).firings);
const runsOf = (job: string) =>
  all<RunListBody["runs"][number]>(`/v1/runs?job=${job}&`, (page) => (page as RunListBody).runs);

/**
 * How long each worker lives after the cron has come, and whether that had an end before: killed in the middle of deciding and recording
 * what is due, of waking timekeepers, of starting firings. Each single step is in `test/worker/killed-firings.test.ts`; here a real
 * process goes with its database open.
 */
const LIVES: { ms: number; afterTick: boolean }[] = [
  { ms: 300, afterTick: true },
  { ms: 5, afterTick: false },
  { ms: 3100, afterTick: true },
  { ms: 20, afterTick: false },
  { ms: 50, afterTick: true },
  { ms: 4500, afterTick: true },
];

it("a schedule of every second has each due time once in its ledger, with one run or skipped, whenever the worker is killed", async () => {
  const every = { name: "s", every: "1s", catch_up: { mode: "all", window: "1h" } };
  // Runs that are not due for long need no machine, and there can be one for each second.
  await call("PUT", "/v1/jobs/marks", {
    run: { image: "debian:12", command: ["true"], delay: "300d" },
    schedules: [{ ...every, overlap: "allow" }],
  });
  await call("PUT", "/v1/jobs/works", {
    run: { image: "debian:12", command: ["sh", "-c", "sleep 2; echo $MAYFLY_SCHEDULE $MAYFLY_DUE_AT"] },
    schedules: [{ ...every, catch_up: "none" }],
  });
  for (const { ms, afterTick } of LIVES) {
    // Whoever calls the cron loses its answer with the worker.
    const ticked = stack.fireCron().catch(() => undefined);
    if (afterTick) await ticked;
    await new Promise((resolve) => setTimeout(resolve, ms));
    await stack.killWorker();
    await stack.startWorker();
  }
  await stack.fireCron();
  for (const job of ["marks", "works"]) await call("POST", `/v1/jobs/${job}/pause`);
  const settled = async (job: string) => {
    const rows = await ledger(job);
    const due = rows.filter(({ outcome, due_at }) => outcome === "armed" && Date.parse(due_at) < Date.now());
    return due.length === 0 && rows.length > 0 && rows;
  };
  for (const job of ["marks", "works"]) {
    const rows = (await eventually(`the ledger of ${job}`, () => settled(job))).filter(
      ({ outcome }) => outcome !== "armed",
    );
    const seconds = rows.map(({ due_at }) => Date.parse(due_at) / 1000);
    const [first = 0] = seconds;
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.every(({ count }) => count === 1)).toBe(true);
    expect(seconds).toEqual(seconds.map((_, index) => first + index));
    const runs = await runsOf(job);
    const fired = rows.flatMap(({ run_id }) => run_id ?? []);
    expect(runs.map(({ id }) => id).toSorted()).toEqual(fired.toSorted());
    expect(new Set(fired).size).toBe(fired.length);
    for (const run of runs)
      expect(rows.find(({ run_id }) => run_id === run.id)?.due_at).toBe(run.firing?.due_at);
  }
  const marks = await ledger("marks");
  const beforePause = marks.filter(({ outcome }) => outcome !== "paused" && outcome !== "armed");
  expect(beforePause.filter(({ run_id }) => run_id === null)).toEqual([]);
  const works = await ledger("works");
  // How many of each depends on how long a worker takes to start.
  expect(works.filter(({ outcome }) => outcome === "ran").length).toBeGreaterThan(0);
  expect(works.filter(({ outcome }) => outcome === "skipped").length).toBeGreaterThan(0);
  const [first] = await runsOf("works");
  const run: RunBody = await stack.final(first?.id ?? "");
  expect(Buffer.from(await stack.output(run.id, "stdout")).toString()).toBe(`s ${run.firing?.due_at}\n`);
});
