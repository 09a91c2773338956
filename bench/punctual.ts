/**
 * Punctual: by how much commands miss their second, where their machines are made ahead, where they are not, and where somebody looks
 * each minute for what has come due: as machines start on this computer, and with images that take a second to be had, as is usual elsewhere.
 */

import type { RunListBody } from "../src/api/run-schema.ts";
import { PUNCTUAL_LEAD_MS } from "../src/core/limits.ts";
import { eventually } from "../test/support/processes.ts";
import type { Stack } from "../test/support/stack.ts";
import { ms, percentile, report } from "./figures.ts";

/** Firings of each schedule, … */
const FIRINGS = Number(process.env.MAYFLY_PUNCTUAL_FIRINGS ?? 200);
/** … of which each has as much time for itself. */
const EVERY_MS = 1000;
const PULL_MS = 1000;
const JOBS = ["punctual", "cold"];

export async function punctual(stack: Stack): Promise<void> {
  console.log(`\npunctual schedules, ${FIRINGS} firings of each`);
  await errors(stack, "plain");
  await stack.fault({ operation: "pull", kind: "slow", delay_ms: PULL_MS, count: 4 * FIRINGS });
  await errors(stack, "slow-pull");
  await stack.clearFaults();
}

/** The two schedules are due in turn, half of the time apart, so that neither is in the other's way. */
async function errors(stack: Stack, what: string): Promise<void> {
  const starts = Math.ceil(Date.now() / EVERY_MS) * EVERY_MS + PUNCTUAL_LEAD_MS + 2000;
  for (const [index, job] of JOBS.entries()) {
    const from = starts + (index * EVERY_MS) / JOBS.length;
    const schedule = {
      every: `${EVERY_MS}ms`,
      overlap: "allow",
      punctual: job === "punctual",
      starts: new Date(from).toISOString(),
      ends: new Date(from + FIRINGS * EVERY_MS).toISOString(),
    };
    const run = { image: "debian:12", command: ["date", "+%s%3N"] };
    const body = JSON.stringify({ run, schedules: [schedule] });
    const put = await stack.call(`/v1/jobs/${job}-${what}`, { method: "PUT", body });
    if (!put.ok) throw new Error(await put.text());
  }
  const cron = setInterval(() => void stack.fireCron(), 30_000);
  const late: number[][] = [];
  const polled: number[] = [];
  try {
    for (const job of JOBS) {
      const runs = await eventually(
        `the runs of ${job}`,
        () => ended(stack, `${job}-${what}`),
        FIRINGS * EVERY_MS + 120_000,
      );
      const errors: number[] = [];
      for (const { id, firing } of runs) {
        const beganAt = Number(Buffer.from(await stack.output(id, "stdout")).toString());
        const dueAt = Date.parse(firing?.due_at ?? "");
        errors.push(beganAt - dueAt);
        polled.push(60_000 - (dueAt % 60_000));
      }
      if (job === "punctual" && errors.some((error) => error < 0))
        throw new Error("a command began too early");
      late.push(errors);
    }
  } finally {
    clearInterval(cron);
  }
  const images = what === "plain" ? "images at hand" : `images that take ${PULL_MS} ms`;
  for (const [index, job] of JOBS.entries()) told(`${job}, ${images}`, late[index] ?? []);
  told("the same by a look each minute", polled);
}

async function ended(stack: Stack, job: string): Promise<RunListBody["runs"] | null> {
  const found: RunListBody["runs"] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await stack.call(`/v1/runs?job=${job}&status=succeeded&limit=200${from}`);
    const page = (await answer.json()) as RunListBody;
    found.push(...page.runs);
    cursor = page.next_cursor;
  }
  return found.length === FIRINGS ? found : null;
}

function told(name: string, errors: number[]): void {
  report(name, {
    p50: ms(percentile(errors, 0.5)),
    p99: ms(percentile(errors, 0.99)),
    most: ms(Math.max(...errors)),
  });
}
