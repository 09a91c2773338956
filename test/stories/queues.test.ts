import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunBody } from "../../src/api/run-schema.ts";
import { type Stack, startStack } from "../support/stack.ts";

const ORGANIZATION_LIMIT = 4;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ concurrencyLimit: ORGANIZATION_LIMIT });
});
afterAll(() => stack?.close());

/** Says when it began and ended, by the machine's clock. */
const timed = (seconds: number) => `date +%s%3N; sleep ${seconds}; date +%s%3N`;

async function spanOf({ id }: RunBody): Promise<[begin: number, end: number]> {
  const text = new TextDecoder().decode(await stack.output(id, "stdout"));
  const [begin = Number.NaN, end = Number.NaN] = text.trim().split("\n").map(Number);
  return [begin, end];
}

/** The most commands that were at work at once. */
async function mostAtOnce(runs: RunBody[]): Promise<number> {
  const spans = await Promise.all(runs.map(spanOf));
  expect(spans.flat().filter(Number.isNaN)).toEqual([]);
  return Math.max(
    ...spans.map(([begin]) => spans.filter(([from, to]) => from <= begin && begin < to).length),
  );
}

it("thirty runs of three keys, through kill -9 of the worker, never exceed a key's or the organization's limit, and all have their turn", async () => {
  const limits = { a: 1, b: 2, c: 3 };
  const orders: RunBody[] = [];
  for (let index = 0; index < 30; index++) {
    const key = (["a", "b", "c"] as const)[index % 3] ?? "a";
    const spec = { script: timed(1), concurrency: { key, limit: limits[key] }, tags: { key } };
    orders.push(await stack.submit(spec));
  }
  for (const killed of [5, 15]) {
    await expect
      .poll(
        async () =>
          (await Promise.all(orders.map(({ id }) => stack.run(id)))).filter(
            ({ status }) => status === "succeeded",
          ).length,
        { timeout: 60_000 },
      )
      .toBeGreaterThanOrEqual(killed);
    await stack.killWorker();
    await stack.startWorker();
    await stack.fireCron();
  }
  // What was lost with the worker is found by the minute's cron.
  await stack.allReleased();
  const runs = await Promise.all(orders.map(({ id }) => stack.run(id)));
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => "succeeded"));
  expect(runs.map(({ attempts }) => attempts.length)).toEqual(runs.map(() => 1));
  const figures: Record<string, number> = { all: await mostAtOnce(runs) };
  for (const key of Object.keys(limits))
    figures[key] = await mostAtOnce(runs.filter(({ tags }) => tags.key === key));
  console.log("most at once:", figures);
  expect(figures.all).toBeLessThanOrEqual(ORGANIZATION_LIMIT);
  for (const [key, limit] of Object.entries(limits)) expect(figures[key]).toBeLessThanOrEqual(limit);
  expect((await stack.machines()).filter(({ state }) => state !== "destroyed")).toEqual([]);
});

it("a deploy that excludes others is ended by a newer one, which starts when the older one's command is over", async () => {
  const concurrency = { key: "deploy-{tags.env}", strategy: "cancel_running" as const };
  const tags = { env: "prod" };
  const script = "date +%s%3N; trap 'sleep 0.5; date +%s%3N; exit 1' TERM; sleep 60 & wait";
  const first = await stack.submit({ script, concurrency, tags });
  await stack.following(first.id, () => true);
  const second = await stack.submit({ script: timed(0), concurrency, tags });
  expect(second).toMatchObject({
    status: "queued",
    waiting: { for: "concurrency", key: "deploy-prod", running: 1 },
  });
  expect(await stack.final(second.id)).toMatchObject({ status: "succeeded" });
  const ended = await stack.final(first.id);
  expect(ended).toMatchObject({ status: "cancelled", reason: "superseded", superseded_by: second.id });
  expect((await spanOf(second))[0]).toBeGreaterThanOrEqual((await spanOf(ended))[1]);
});

it("a run that waits for the organization says so, and goes before others by its priority", async () => {
  const first = await Promise.all(
    Array.from({ length: ORGANIZATION_LIMIT }, () => stack.submit({ script: "sleep 3" })),
  );
  const [low, high] = [
    await stack.submit({ script: timed(0) }),
    await stack.submit({ script: timed(0), priority: 1 }),
  ];
  expect(await stack.run(low.id)).toMatchObject({
    status: "queued",
    waiting: {
      for: "organization",
      key: null,
      limit: ORGANIZATION_LIMIT,
      place: 2,
      running: ORGANIZATION_LIMIT,
    },
  });
  const runs = await Promise.all([low, high].map(({ id }) => stack.final(id)));
  expect(runs.map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
  const asked = runs.map(({ attempts }) => Date.parse(attempts[0]?.create_asked_at ?? ""));
  expect(asked[1]).toBeLessThanOrEqual(asked[0] ?? Number.NaN);
  for (const { id } of first) expect((await stack.final(id)).status).toBe("succeeded");
});
