/**
 * Hooks: deliveries accepted a second and how long one takes, with its run stored, beside a worker in the same runtime that only
 * verifies the signature; and a thousand calls with one delivery, which are one run.
 */

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { unstable_startWorker } from "wrangler";
import type { HookListBody, ReceiptBody } from "../src/api/delivery-schema.ts";
import type { RunListBody } from "../src/api/run-schema.ts";
import { freePort } from "../test/support/free-port.ts";
import { aPush, githubCall, type SignedCall } from "../test/support/signed.ts";
import type { Stack } from "../test/support/stack.ts";
import { atOnce, ms, percentile, report, timed } from "./figures.ts";

const SECRET = "a secret of the bench's";
const WARM_UP = 20;
const ONE_AT_A_TIME = Number(process.env.MAYFLY_BENCH_HOOKS ?? 200);
const IN_ALL = 4 * ONE_AT_A_TIME;
const AT_ONCE = 8;
const REPEATS = 1000;
/** Runs that wait for a time that is far ahead need no machine: what is measured is Mayfly. */
const RUN = { image: "debian:12", command: ["true"], delay: "300d" };

export async function hooks(stack: Stack): Promise<void> {
  console.log("\ndeliveries of a push, from the call to its answer");
  const floor = await startFloor();
  try {
    await put(stack, "PUT", "/v1/secrets/BENCH", { value: SECRET });
    const hook = (name: string, change: object = {}) => ({
      name,
      source: "github",
      secret: "BENCH",
      ...change,
    });
    await put(stack, "PUT", "/v1/jobs/hooks", {
      run: RUN,
      hooks: [hook("taken"), hook("filtered", { branches: ["release/**"] }), hook("repeated")],
    });
    const answer = await stack.call("/v1/hooks?job=hooks");
    const urls = ((await answer.json()) as HookListBody).hooks.map(({ name, url }) => [name, url] as const);
    const urlOf = new Map(urls);
    const each = new Map<string, () => Promise<void>>([
      ["floor: the signature verified", () => deliver(floor.url, 202)],
      ["accepted, with its run", () => deliver(urlOf.get("taken"), 202)],
      ["filtered by its branch", () => deliver(urlOf.get("filtered"), 202)],
    ]);
    for (let i = 0; i < WARM_UP; i++) for (const call of each.values()) await call();
    const alone = new Map([...each.keys()].map((name) => [name, [] as number[]]));
    // In turns, so that whatever else the computer does is in all of them.
    for (let i = 0; i < ONE_AT_A_TIME; i++)
      for (const [name, call] of each) alone.get(name)?.push(await timed(call));
    for (const [name, samples] of alone) print(`${name}, one at a time`, samples);
    for (const [name, call] of each) {
      const { samples, perSecond } = await atOnce(IN_ALL, AT_ONCE, () => timed(call));
      print(`${name}, ${AT_ONCE} at once`, samples, perSecond);
    }
    await repeat(stack, urlOf.get("repeated"));
  } finally {
    await floor.close();
  }
}

/** One delivery again and again. */
async function repeat(stack: Stack, url: string | undefined): Promise<void> {
  const sent = await aDelivery();
  const runs = new Set<string | null>();
  const { samples, perSecond } = await atOnce(REPEATS, AT_ONCE, async () => {
    let receipt: ReceiptBody | null = null;
    const took = await timed(async () => {
      const response = await post(url, sent);
      receipt = (await response.json()) as ReceiptBody;
    });
    runs.add((receipt as ReceiptBody | null)?.run_id ?? null);
    return took;
  });
  const list = await stack.call("/v1/runs?job=hooks&limit=200");
  const stored = ((await list.json()) as RunListBody).runs.filter(
    ({ delivery }) => delivery?.hook === "repeated",
  );
  if (stored.length !== 1 || runs.size !== 1) throw new Error(`${stored.length} runs of one delivery`);
  print(`one delivery ${REPEATS} times: ${stored.length} run`, samples, perSecond);
}

const aDelivery = () => githubCall(SECRET, { id: randomUUID(), payload: aPush("main") });

async function deliver(url: string | undefined, status: number): Promise<void> {
  const response = await post(url, await aDelivery());
  await response.arrayBuffer();
  if (response.status !== status) throw new Error(`a delivery was answered ${response.status}`);
}

function post(url = "", { headers, body }: SignedCall): Promise<Response> {
  return fetch(url, { method: "POST", headers, body });
}

async function put(stack: Stack, method: string, path: string, body: object): Promise<void> {
  const response = await stack.call(path, { method, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
}

/** A worker like Mayfly's, started as that is. */
async function startFloor(): Promise<{ url: string; close(): Promise<void> }> {
  const port = await freePort();
  // Nobody else's computer is asked.
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
  const worker = await unstable_startWorker({
    config: join(import.meta.dirname, "hooks-floor.toml"),
    bindings: { SECRET: { type: "plain_text", value: SECRET } },
    dev: {
      remote: false,
      server: { hostname: "127.0.0.1", port },
      inspector: false,
      logLevel: "warn",
      liveReload: false,
      watch: false,
    },
  });
  await worker.ready;
  return { url: `http://127.0.0.1:${port}/`, close: () => worker.dispose() };
}

function print(name: string, samples: number[], perSecond?: number): void {
  report(name, {
    p50: ms(percentile(samples, 0.5)),
    p99: ms(percentile(samples, 0.99)),
    ...(perSecond !== undefined && { "a second": perSecond.toFixed(0) }),
  });
}
