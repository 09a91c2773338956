/** `echo hi` in a shell, submitted until its stored outcome is read, by every engine in turns; beside spawning the same. */

import { setTimeout as pause } from "node:timers/promises";
import { ms, percentile, report, timed } from "../figures.ts";
import type { Floor } from "../floor.ts";
import type { Command, Engine } from "./engine.ts";

const JOB: Command = ["/bin/sh", "-c", "echo hi"];
const WARM_UP = 20;
const ONE_AT_A_TIME = 100;
const AT_ONCE = 8;
const ROUNDS = 3;
const PER_ROUND = 120;
/** So that what an engine has still to do after its answers is not in the figures of the next. */
const PAUSE_MS = 100;
const PAUSE_AFTER_ROUND_MS = 2_000;

const FLOOR = "floor: spawned directly";

interface Contestant {
  readonly name: string;
  /** Milliseconds that one job took. */
  run(): Promise<number>;
  readonly samples: number[];
  /** Of all jobs together, in milliseconds. */
  tookMs: number;
}

export async function speed(engines: readonly Engine[], floor: Floor): Promise<void> {
  const contestants = () => [
    contestant(FLOOR, async () => {
      const { from, end } = await floor.spawn(JOB);
      return end - from;
    }),
    ...engines.map((engine) => contestant(engine.name, () => timed(() => runRight(engine)))),
  ];
  for (const { run } of contestants()) for (let i = 0; i < WARM_UP; i++) await run();

  console.log("\n/bin/sh -c 'echo hi', from submission to its stored output read: one at a time");
  const alone = contestants();
  for (let i = 0; i < ONE_AT_A_TIME; i++)
    for (const each of inTurn(alone, i)) {
      const took = await each.run();
      each.samples.push(took);
      each.tookMs += took;
      await pause(PAUSE_MS);
    }
  print(alone);

  console.log(`\nthe same, ${AT_ONCE} at once`);
  const together = contestants();
  for (let round = 0; round < ROUNDS; round++)
    for (const each of inTurn(together, round)) {
      each.tookMs += await timed(() => manyOf(each));
      await pause(PAUSE_AFTER_ROUND_MS);
    }
  print(together);
}

function contestant(name: string, run: () => Promise<number>): Contestant {
  return { name, run, samples: [], tookMs: 0 };
}

async function runRight(engine: Engine): Promise<void> {
  const { ran, stdout, exitCode, reason } = await engine.run(JOB);
  if (!ran || stdout !== "hi\n" || exitCode !== 0)
    throw new Error(`${engine.name} tells of a job: exit code ${exitCode}, output "${stdout}", ${reason}`);
}

/** Each begins in its turn: nobody always comes after the same one. */
function inTurn<T>(all: readonly T[], turn: number): T[] {
  const from = turn % all.length;
  return [...all.slice(from), ...all.slice(0, from)];
}

async function manyOf({ run, samples }: Contestant): Promise<void> {
  let left = PER_ROUND;
  const next = async () => {
    while (left-- > 0) samples.push(await run());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

function print(all: readonly Contestant[]): void {
  for (const [index, { name, samples, tookMs }] of all.entries()) {
    const p50 = percentile(samples, 0.5);
    const before = all.slice(0, index).map((other) => {
      const what = other.name === FLOOR ? "floor" : other.name;
      return [`× ${what}`, (p50 / percentile(other.samples, 0.5)).toFixed(1)];
    });
    report(name, {
      "runs/s": ((samples.length * 1000) / tookMs).toFixed(1),
      p50: ms(p50),
      p99: ms(percentile(samples, 0.99)),
      ...Object.fromEntries(before),
    });
  }
}
