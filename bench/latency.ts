/** `echo hi` submitted over HTTP until its stored output is readable, beside spawning the same command directly. */

import type { RunBody } from "../src/api/run-schema.ts";
import type { Stack } from "../test/support/stack.ts";
import { atOnce, ms, percentile, report, timed } from "./figures.ts";
import { startFloor } from "./floor.ts";

const WARM_UP = 10;
const ONE_AT_A_TIME = 60;
const AT_ONCE = 8;
const IN_ALL = 240;

export async function latency(stack: Stack): Promise<void> {
  console.log("\necho hi, from submission over HTTP to its stored output read back");
  const direct = startFloor();
  for (let i = 0; i < WARM_UP; i++) await Promise.all([direct.spawnEcho(), runEcho(stack)]);
  const floor: number[] = [];
  const runs: number[] = [];
  // In turns, so that whatever else the computer does is in both.
  for (let i = 0; i < ONE_AT_A_TIME; i++) {
    floor.push(await direct.spawnEcho());
    runs.push(await timed(() => runEcho(stack)));
  }
  print("floor: spawned directly", floor, null);
  print("one at a time", runs, floor);
  const floorAtOnce = await atOnce(IN_ALL, AT_ONCE, () => direct.spawnEcho());
  const runsAtOnce = await atOnce(IN_ALL, AT_ONCE, () => timed(() => runEcho(stack)));
  direct.close();
  print(`floor: ${AT_ONCE} spawned at once`, floorAtOnce.samples, null, floorAtOnce.perSecond);
  print(`${AT_ONCE} at once`, runsAtOnce.samples, floorAtOnce.samples, runsAtOnce.perSecond);
}

async function runEcho(stack: Stack): Promise<void> {
  const body = JSON.stringify({ image: "debian:12", command: ["echo", "hi"] });
  const response = await stack.call("/v1/runs", { method: "POST", body, headers: { prefer: "wait=30" } });
  const run = (await response.json()) as RunBody;
  const output = await stack.output(run.id, "stdout");
  if (run.status !== "succeeded" || new TextDecoder().decode(output) !== "hi\n")
    throw new Error(`run ${run.id} is ${run.status}`);
}

function print(name: string, samples: number[], floor: number[] | null, perSecond?: number): void {
  const p50 = percentile(samples, 0.5);
  const over = floor && p50 - percentile(floor, 0.5);
  report(name, {
    p50: ms(p50),
    p95: ms(percentile(samples, 0.95)),
    ...(perSecond !== undefined && { "runs/s": perSecond.toFixed(1) }),
    ...(over !== null &&
      floor && { "over the floor": ms(over), "× floor": (p50 / percentile(floor, 0.5)).toFixed(1) }),
  });
}
