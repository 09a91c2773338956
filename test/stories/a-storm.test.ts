import { afterAll, beforeAll, expect, it } from "vitest";
import type { OutputLine, RunBody, RunListBody } from "../../src/api/run-schema.ts";
import { attemptOfMachine } from "../../src/core/id.ts";
import { REAP_SEEN_BEFORE_MS } from "../../src/core/limits.ts";
import { eventually } from "../support/processes.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { type Order, orders } from "./storm/orders.ts";
import { storm, strike } from "./storm/weather.ts";

/** Printed at the start: the same seed brings the same faults in the same order of calls. */
const SEED = Number(process.env.MAYFLY_SEED ?? 20261121);
const RUNS = Number(process.env.MAYFLY_RUNS ?? 225);
/** The worker is killed after so many waves of submissions. */
const WAVES_PER_KILL = 3;
const WAVE = 25;
/** A wave comes when no more runs than this are under way: two cores can not do more in less time. */
const UNDER_WAY_MAX = 40;
const ENDS_WITHIN_MS = 240_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

it(`${RUNS} runs end rightly, once, on machines that are gone, through a storm of faults and kill -9 (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const all = orders(RUNS);
  const accepted: { order: Order; id: string }[] = [];
  const struck = new Set<string | null>();
  await storm(stack, SEED);
  const sweeps = setInterval(() => void stack.fireCron().catch(() => undefined), 3000);
  try {
    for (let from = 0; from < all.length; from += WAVE) {
      const submitted = all.slice(from, from + WAVE).map(async (order) => {
        accepted.push({ order, id: await surelySubmitted(order) });
      });
      await new Promise((resolve) => setTimeout(resolve, random() * 500));
      if ((from / WAVE) % WAVES_PER_KILL === WAVES_PER_KILL - 1) {
        await stack.killWorker();
        await stack.startWorker();
      }
      struck.add(await strike(stack, random));
      await Promise.all(submitted);
      await cancels(accepted.filter(({ order }) => order.cancelled && order.number >= from));
      await underWayAtMost(UNDER_WAY_MAX);
    }
    const ends = await Promise.all(
      accepted.map(async ({ order, id }) => ({ order, run: await stack.final(id, ENDS_WITHIN_MS) })),
    );
    await Promise.all(accepted.map(({ id }) => stack.eventsUntil(id, "machine_released", ENDS_WITHIN_MS)));
    await stack.clearFaults();
    for (const { order, run } of ends) await endedRightly(order, run);
    expect(new Set(accepted.map(({ id }) => id)).size).toBe(RUNS);
  } finally {
    clearInterval(sweeps);
  }
  // What was made after its run had been given up goes by the sweep over machines: not before it was seen twice, a minute apart.
  const machines = await eventually(
    "the end of every machine",
    async () => {
      stack.ageSightings(REAP_SEEN_BEFORE_MS);
      await stack.fireCron();
      const all = await stack.machines();
      return all.every(({ state }) => state === "destroyed") && all;
    },
    ENDS_WITHIN_MS,
  );
  // One whose host was lost before anybody had heard of it is in no list, so that its attempt has another.
  const names = machines.filter(({ id }) => !struck.has(id)).map(({ name }) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  expect(await storiesOf(twice)).toEqual([]);
}, 600_000);

/** What happened to the attempts of these machines, for whoever has to find out why. */
async function storiesOf(names: string[]): Promise<unknown[]> {
  const machines = await stack.machines();
  return Promise.all(
    names.map(async (name) => {
      const runId = attemptOfMachine(name)?.runId ?? "";
      const events = await (await stack.call(`/v1/runs/${runId}/events`)).json();
      return { name, machines: machines.filter((machine) => machine.name === name), events };
    }),
  );
}

/** An answer that is lost in a crash leaves it open whether the run exists; asked again with its key it is one run. */
async function surelySubmitted({ number, spec }: Order): Promise<string> {
  const key = { "idempotency-key": `storm-${number}` };
  return eventually(
    `the submission of order ${number}`,
    async () => {
      const run = await stack.submit(spec, key).catch(() => null);
      return run?.id ?? false;
    },
    ENDS_WITHIN_MS,
  );
}

async function cancels(asked: { id: string }[]): Promise<void> {
  for (const { id } of asked)
    await eventually(`the cancel of ${id}`, async () => {
      const answer = await stack.call(`/v1/runs/${id}/cancel`, { method: "POST" }).catch(() => null);
      return answer?.ok ?? false;
    });
}

async function underWayAtMost(most: number): Promise<void> {
  await eventually(
    `at most ${most} runs under way`,
    async () => {
      const query = `status=queued,starting,running,retrying&limit=${most + 1}`;
      const answer = await stack.call(`/v1/runs?${query}`);
      return ((await answer.json()) as RunListBody).runs.length <= most;
    },
    ENDS_WITHIN_MS,
  );
}

async function endedRightly({ number, kind, expected, stdout }: Order, run: RunBody): Promise<void> {
  const what = `order ${number}, which ${kind}, is run ${run.id}`;
  expect(run, what).toMatchObject(expected);
  const last = run.attempts.at(-1)?.number;
  if (stdout === null) return;
  expect(await written(run.id, last), what).toBe(stdout);
  const cutOff = run.attempts.filter(({ output }) => output?.complete === false);
  // A machine that was asked for and never seen may have written something, too.
  const unexplained = cutOff.filter(
    ({ reason, machine_id }) => reason !== "machine_lost" && machine_id !== null,
  );
  expect(unexplained, what).toEqual([]);
  expect(run.output, what).toMatchObject({ complete: cutOff.length === 0, dropped_bytes: 0 });
}

/** What an attempt wrote to stdout, as it is stored. */
async function written(id: string, attempt: number | undefined): Promise<string> {
  const answer = await stack.call(`/v1/runs/${id}/output`, { headers: { accept: "application/x-ndjson" } });
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  return lines
    .map((line) => JSON.parse(line) as OutputLine)
    .filter((line) => line.attempt === attempt && line.stream === "stdout")
    .map(({ text }) => text ?? "")
    .join("");
}
