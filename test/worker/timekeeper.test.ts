import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { ScheduleSpec } from "../../src/core/schedule/spec.ts";
import { d1Schedules } from "../../src/d1/schedule-store.ts";
import { tick } from "../../src/flow/tick.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { countedD1 } from "../support/counted-d1.ts";

const ports = apiPorts(env);
const MANY = 500;

/** Jobs whose runs wait for a time that is far ahead, so that no machine is asked for. */
async function manyJobs(prefix: string, spec: Omit<ScheduleSpec, "name">): Promise<void> {
  const run = { image: "debian:12", command: ["true"], delay: "300d" };
  for (let first = 0; first < MANY; first += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        ports.jobs.put(
          "default",
          `${prefix}-${first + index}`,
          null,
          { version: 1, definition: { run }, change: { kind: "put" }, createdAt: Date.now() },
          [{ name: "s", ...spec }],
        ),
      ),
    );
}

const SPEC: Omit<ScheduleSpec, "name"> = {
  rule: { kind: "at", times: [0] },
  startsAt: null,
  endsAt: null,
  overlap: "skip",
  catchUp: { mode: "latest", windowMs: 60_000, afterPause: false },
  jitterMs: 0,
  paused: false,
  input: "{}",
};

it(`${MANY} schedules that are due in one second are all fired, none twice, whoever ticks besides`, async () => {
  const at = Math.ceil(Date.now() / 1000) * 1000 + 12_000;
  await manyJobs("many", { ...SPEC, rule: { kind: "at", times: [at] } });
  await Promise.all([tick(ports), tick(ports), tick(ports)]);
  const count = async (outcome: string) =>
    (await env.DB.prepare(
      "SELECT count(*) AS firings, count(DISTINCT run_id) AS runs FROM firings WHERE job LIKE 'many-%' AND outcome = ?",
    )
      .bind(outcome)
      .first<{ firings: number; runs: number }>()) ?? { firings: 0, runs: 0 };
  await expect
    .poll(() => count("ran"), { timeout: 50_000, interval: 250 })
    .toEqual({ firings: MANY, runs: MANY });
  const runs = await env.DB.prepare("SELECT count(*) AS runs FROM runs WHERE job_name LIKE 'many-%'").first();
  expect(runs).toEqual({ runs: MANY });
});

it("a tick reads nothing of schedules that are not due", async () => {
  await manyJobs("idle", { ...SPEC, rule: { kind: "every", everyMs: 366 * 24 * 3_600_000 } });
  const { database, counts } = countedD1(env.DB);
  await tick({ ...ports, schedules: d1Schedules(database) });
  const before = { ...counts };
  await tick({ ...ports, schedules: d1Schedules(database) });
  expect(counts.rowsRead - before.rowsRead).toBeLessThan(40);
  expect(counts.rowsWritten - before.rowsWritten).toBe(0);
});
