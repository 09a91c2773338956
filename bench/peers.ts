/**
 * Mayfly beside BullMQ with Redis and beside Restate, in the same minutes on the same computer: how fast short jobs are, and what
 * becomes of running ones when the engine is killed. What the figures say and do not say: docs/beside-peers.md.
 */

import { cpus, loadavg, totalmem } from "node:os";
import { startFloor } from "./floor.ts";
import { startBullMq } from "./peers/bullmq.ts";
import { crash } from "./peers/crash.ts";
import type { Engine } from "./peers/engine.ts";
import { startMayfly } from "./peers/mayfly.ts";
import { installPackages } from "./peers/packages.ts";
import { startRestate } from "./peers/restate.ts";
import { speed } from "./peers/speed.ts";

/** As many as are ever asked of an engine here. */
const CONCURRENCY = 100;
const GIB = 1024 ** 3;

/** Peers first: each is compared with those before it. */
const ENGINES = [
  { name: "BullMQ", start: () => startBullMq(CONCURRENCY, "everysec"), isKilled: true },
  // As careful with what it accepted as the two below. A kill finds no difference: what was written is with the kernel.
  { name: "BullMQ, synced", start: () => startBullMq(CONCURRENCY, "always"), isKilled: false },
  { name: "Restate", start: startRestate, isKilled: true },
  { name: "Mayfly", start: startMayfly, isKilled: true },
];

export async function peers(): Promise<void> {
  await installPackages();
  const engines: Engine[] = [];
  const toKill: Engine[] = [];
  const floor = startFloor();
  try {
    console.log(`\nMayfly beside its peers; ${computer()}`);
    for (const { name, start, isKilled } of ENGINES) {
      const engine = await start().catch((error: Error) => {
        console.log(`  ${name}: not here (${error.message})`);
        return null;
      });
      if (engine === null) continue;
      engines.push(engine);
      if (isKilled) toKill.push(engine);
      console.log(`  ${engine.settings}`);
    }
    await speed(engines, floor);
    console.log("\nkill -9 with 100 jobs running, each 12 s long; then it is started again");
    for (const engine of toKill) for (const death of engine.deaths) await crash(engine, death);
    console.log(LEFT_OUT);
  } finally {
    floor.close();
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

const LEFT_OUT = `
what this does not compare
  BullMQ and Restate run jobs as children of their worker, which sees all of the computer; Mayfly makes a machine for each job.
  Nothing here is a network away: neither a Redis, nor a cluster of Restate, nor Cloudflare and Fly, where a machine starts in seconds
  and does not die with a Machines API.
  A kill leaves what was written to the kernel; a loss of power, which it does not, is not tried.
  Jobs are one command. Steps, schedules, rates and whatever else each engine is chosen for are left out.`;

/** With how much else went on before: figures of a busy computer are those of what else it does, too. */
function computer(): string {
  const [{ model = "an unknown processor" } = {}] = cpus();
  const parts = [
    `${cpus().length} × ${model.trim()}`,
    `${Math.round(totalmem() / GIB)} GiB`,
    `Node ${process.versions.node}`,
    new Date().toISOString().slice(0, 10),
    `load ${loadavg()[0]?.toFixed(1)} in the minute before`,
  ];
  return parts.join(", ");
}
