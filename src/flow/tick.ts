/** Tick: the minute's look at schedules that come due. What becomes of each due time is decided by the core and put into the ledger; timekeepers start what is armed. */

import { messageOf } from "../core/error.ts";
import {
  SCHEDULE_AHEAD_MS,
  SCHEDULE_CLOCK_TRUST_MS,
  TICK_BATCH_FIRINGS,
  TICK_MAX_STATEMENTS,
  TICK_PAGE_SCHEDULES,
} from "../core/limits.ts";
import { decide } from "../core/schedule/decide.ts";
import { scheduleOf } from "../core/schedule/spec.ts";
import type { Decided, ScheduleStore, StoredSchedule, Timekeepers } from "./ports/schedules.ts";
import type { Clock } from "./ports.ts";

export interface TickPorts {
  schedules: ScheduleStore;
  timekeepers: Timekeepers;
  clock: Clock;
}

export interface TickReport {
  schedules: number;
  firings: number;
  /** D1 statements that the look took. */
  statements: number;
  /** Schedules that could not be decided, and what broke off the look at the others. */
  problems: string[];
}

const nothingYet = (): TickReport => ({ schedules: 0, firings: 0, statements: 0, problems: [] });
/** What `ScheduleStore.record` takes. */
const RECORD_STATEMENTS = 2;

/**
 * Decides the schedules that come due, in pages, until there are none or as many as one call may; the next goes on. Then it
 * wakes the timekeepers of what is armed, also of what another call armed and somebody forgot.
 */
export async function tick(ports: TickPorts): Promise<TickReport> {
  const { schedules, clock } = ports;
  const report = nothingYet();
  try {
    const ahead = clock.now() + SCHEDULE_AHEAD_MS + SCHEDULE_CLOCK_TRUST_MS;
    // However many a clock has put out of reach, half is left for those that are due.
    await inPages(
      ports,
      () => schedules.placedAfter(ahead, TICK_PAGE_SCHEDULES),
      report,
      TICK_MAX_STATEMENTS / 2,
    );
    const due = () => schedules.due(clock.now() + SCHEDULE_AHEAD_MS, TICK_PAGE_SCHEDULES);
    await inPages(ports, due, report, TICK_MAX_STATEMENTS);
  } catch (error) {
    report.problems.push(`schedules: ${messageOf(error)}`);
  }
  await wakeTimekeepers(ports).catch((error) => report.problems.push(`timekeepers: ${messageOf(error)}`));
  return report;
}

/** The same of some schedules at once: those of a job that was put, or that go on after a pause. */
export async function tickSome(ports: TickPorts, some: StoredSchedule[]): Promise<void> {
  const throughMs = ports.clock.now() + SCHEDULE_AHEAD_MS;
  const due = some.filter(({ nextDueAt }) => nextDueAt !== null && nextDueAt <= throughMs);
  if (due.length === 0) return;
  await decideAll(ports, due, nothingYet());
  await wakeTimekeepers(ports);
}

/**
 * Decides what has come due of a job's schedules and nobody has decided, as after an outage: what follows, a change of the job or its
 * end, begins to count anew. Where the cron comes by, that is nothing.
 */
export async function decideOverdue(
  ports: Pick<TickPorts, "schedules" | "clock">,
  orgId: string,
  job: string,
): Promise<void> {
  const { schedules, clock } = ports;
  const known = await schedules.ofJob(orgId, job);
  const overdue = known.filter(({ nextDueAt }) => nextDueAt !== null && nextDueAt <= clock.now());
  await decideAll(ports, overdue, nothingYet());
}

async function inPages(
  ports: Pick<TickPorts, "schedules" | "clock">,
  read: () => Promise<StoredSchedule[]>,
  report: TickReport,
  statementsMax: number,
): Promise<void> {
  while (report.statements + 1 + RECORD_STATEMENTS <= statementsMax) {
    report.statements += 1;
    const page = await read();
    const failed = await decideAll(ports, page, report, statementsMax);
    // Those that can not be decided come first again and again.
    if (page.length < TICK_PAGE_SCHEDULES || failed === page.length) return;
  }
}

/**
 * Decides those of a page in their order, as many as can be recorded within so many statements.
 * @returns of how many nothing could be decided
 */
async function decideAll(
  ports: Pick<TickPorts, "schedules" | "clock">,
  page: StoredSchedule[],
  report: TickReport,
  statementsMax = Number.POSITIVE_INFINITY,
): Promise<number> {
  const { schedules, clock } = ports;
  let [batch, firings, failed]: [Decided[], number, number] = [[], 0, 0];
  const record = async () => {
    if (batch.length === 0) return;
    report.statements += RECORD_STATEMENTS;
    await schedules.record(batch, clock.now());
    report.schedules += batch.length;
    report.firings += firings;
    [batch, firings] = [[], 0];
  };
  for (const schedule of page) {
    if (report.statements + RECORD_STATEMENTS > statementsMax) break;
    try {
      const decision = decide(scheduleOf(schedule, schedule.spec), schedule.place, clock.now());
      batch.push({ schedule, decision });
      firings += decision.firings.length;
    } catch (error) {
      // One rule that is not understood any more must not keep the others from firing.
      failed += 1;
      report.problems.push(`${schedule.job}/${schedule.name}: ${messageOf(error)}`);
    }
    if (firings >= TICK_BATCH_FIRINGS) await record();
  }
  await record();
  return failed;
}

async function wakeTimekeepers({ schedules, timekeepers }: TickPorts): Promise<void> {
  const first = await schedules.armedAt();
  const woken = await Promise.allSettled(
    first.map((atMs, shard) => (atMs === null ? null : timekeepers.wake(shard, atMs))),
  );
  const broken = woken.find((result) => result.status === "rejected");
  if (broken) throw broken.reason;
}
