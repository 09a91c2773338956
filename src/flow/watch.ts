/** Watch: the minute's look at schedules whose runs are to start in time, and at jobs that are to be heard of. */

import type { Looked } from "../core/alert/alert.ts";
import { lateness, stretchOf } from "../core/alert/lateness.ts";
import { silence } from "../core/alert/silence.ts";
import { SCHEDULE_CLOCK_TRUST_MS, WATCH_MAX_PAGES, WATCH_PAGE, WATCH_PAGE_FIRINGS } from "../core/limits.ts";
import type { AlertStore, Watched } from "./ports/alerts.ts";
import type { Clock } from "./ports.ts";

export interface WatchPorts {
  alerts: AlertStore;
  clock: Clock;
}

export interface WatchReport {
  looked: number;
  alerts: number;
}

type Step = { watched: Watched; looked: Looked };

/** Looks at what is due to be looked at, in pages; what one call does not come to, the next does. It can be called at any time, and twice. */
export async function watch({ alerts, clock }: WatchPorts): Promise<WatchReport> {
  const report: WatchReport = { looked: 0, alerts: 0 };
  for (let pages = 0; pages < WATCH_MAX_PAGES; pages++) {
    const now = clock.now();
    const page = await alerts.due(now, now + SCHEDULE_CLOCK_TRUST_MS, WATCH_PAGE);
    const steps = [...(await jobSteps(alerts, page, now)), ...(await scheduleSteps(alerts, page, now))];
    if (steps.length > 0) await alerts.record(steps, now);
    report.looked += steps.length;
    report.alerts += steps.reduce((sum, { looked }) => sum + looked.alerts.length, 0);
    if (page.length < WATCH_PAGE) break;
  }
  return report;
}

async function jobSteps(alerts: AlertStore, page: Watched[], now: number): Promise<Step[]> {
  const jobs = page.filter((watched) => watched.kind === "job");
  if (jobs.length === 0) return [];
  const heard = await alerts.heardAt(jobs);
  return jobs.map((watched, index) => ({ watched, looked: silence(watched, heard[index] ?? null, now) }));
}

async function scheduleSteps(alerts: AlertStore, page: Watched[], now: number): Promise<Step[]> {
  const schedules = page.filter((watched) => watched.kind === "schedule");
  if (schedules.length === 0) return [];
  const stretches = schedules.map((watched) => ({ ...watched, ...stretchOf(watched, now) }));
  const rows = await alerts.firings(
    stretches.map(({ orgId, job, schedule, after, through }) => ({ orgId, job, schedule, after, through })),
    WATCH_PAGE_FIRINGS,
  );
  // Where there are more rows, the last one's schedule is told of up to there, and those after it another time.
  const last = rows.length === WATCH_PAGE_FIRINGS ? rows.at(-1) : undefined;
  return schedules.flatMap((watched, index): Step[] => {
    const { through = now } = stretches[index] ?? {};
    if (last !== undefined && index > last.stretch) return [];
    const isCut = last !== undefined && index === last.stretch;
    // A single row and one of several in a row can have the same due time.
    const to = isCut ? last.dueAt - 1 : through;
    const own = rows.filter(({ stretch, dueAt }) => stretch === index && dueAt <= to);
    const looked = lateness(watched, own, to, now);
    return [{ watched, looked: { ...looked, lookAt: soonest(looked.lookAt, now, isCut) } }];
  });
}

/** What is not decided yet is looked at by the next call, not again by this one. */
function soonest(lookAt: number | null, now: number, isCut: boolean): number | null {
  if (isCut) return now;
  return lookAt === null ? null : Math.max(lookAt, now + 1);
}
