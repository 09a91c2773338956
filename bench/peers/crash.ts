/** kill -9 of an engine with many jobs running: it is started again, and what became of each job is counted. */

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../test/support/processes.ts";
import { now, report } from "../figures.ts";
import type { Death, Engine } from "./engine.ts";
import { openLedger } from "./ledger.ts";
import { orphans } from "./orphans.ts";
import { type Told, tally } from "./tally.ts";

const JOBS = 100;
/** Long enough for the last to be running when the first still is, and for an engine to be back before they end. */
const LASTS_S = 12;
/** For an engine to bring all of them to an end, from when it takes jobs again. */
const WITHIN_MS = 90_000;
const LOOK_EVERY_MS = 250;

export async function crash(engine: Engine, death: Death): Promise<void> {
  const mark = `job-of-the-bench-${randomUUID()}`;
  const ledger = await openLedger(LASTS_S, mark);
  try {
    const names = Array.from({ length: JOBS }, (_, index) => String(index + 1));
    const accepted = await Promise.all(
      names.map(async (job) => ({ job, id: await engine.submit(ledger.command(job)) })),
    );
    const running = () => ledger.executions.filter(({ goneAt }) => goneAt === null).length;
    await eventually(
      `${JOBS} jobs of ${engine.name} at once`,
      async () => running() === JOBS,
      LASTS_S * 1000,
    );
    await death.kill();
    const killedAt = now();
    await engine.startAgain();
    const backAt = now();

    const ownerless = new Set<number>();
    const told = new Map<string, Told>(names.map((job) => [job, { job, outcome: null }]));
    let lastEndAt = backAt;
    for (;;) {
      for (const pid of orphans(mark)) ownerless.add(pid);
      const open = accepted.filter(({ job }) => told.get(job)?.outcome === null);
      // One that can not answer yet is asked again.
      const outcomes = await Promise.all(open.map(({ id }) => engine.outcome(id).catch(() => null)));
      for (const [index, outcome] of outcomes.entries()) {
        const job = open[index]?.job;
        if (outcome === null || job === undefined) continue;
        told.set(job, { job, outcome });
        lastEndAt = now();
      }
      const isOver = [...told.values()].every(({ outcome }) => outcome !== null) && running() === 0;
      if (isOver || now() - backAt > WITHIN_MS) break;
      await pause(LOOK_EVERY_MS);
    }
    const counts = tally([...told.values()], ledger.executions);
    report(`${engine.name}: ${death.of}`, {
      "done right": counts.done,
      "told as failed": counts.toldFailed,
      lost: counts.lost,
      "told wrong": counts.toldWrong,
      "started twice": counts.startedTwice,
      "run to the end twice": counts.endedTwice,
      "two at once": counts.twoAtOnce,
      orphaned: ownerless.size,
      "still there": running(),
      "back after": seconds(backAt - killedAt),
      "all over after": counts.lost === 0 ? seconds(lastEndAt - killedAt) : "never",
    });
    const reasons = new Set([...told.values()].flatMap(({ outcome }) => outcome?.reason ?? []));
    if (reasons.size > 0) console.log(`    the failures are told as: ${[...reasons].join(", ")}`);
  } finally {
    ledger.close();
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
