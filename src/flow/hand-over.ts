/**
 * Hand over: jobs that start after a run that has ended are started, each once. Which ones these are was noted in the batch that settled the
 * run; all of this can be done twice, and broken off anywhere.
 */

import { type Ending, endingOf, isAlarming } from "../core/chain/handover.ts";
import { type ChainPlace, type RunUpstream, upstreamOf } from "../core/chain/upstream.ts";
import { AppError, messageOf } from "../core/error.ts";
import type { RunJob } from "../core/job.ts";
import {
  DELIVERY_TEXT_MAX_CHARS,
  HANDOVER_BATCH,
  HANDOVER_GIVE_UP_MS,
  HANDOVER_RETRY_FIRST_MS,
  HANDOVER_RETRY_MAX_MS,
  HANDOVERS_AT_ONCE,
} from "../core/limits.ts";
import { repeatDelayMs, spread } from "../core/poll.ts";
import type { RunSpec } from "../core/run-spec.ts";
import type { NotifyReport } from "./notify.ts";
import type { DueHandover, HandoverStore } from "./ports/handovers.ts";
import type { DefinedJob, JobStore } from "./ports/jobs.ts";
import { CHAINS_NOTIFIER, type Notifiers, OUTBOX_NOTIFIER } from "./ports/notifications.ts";
import { type SubmitPorts, submitHandedOver } from "./submit.ts";

export interface HandOverPorts extends SubmitPorts {
  handovers: HandoverStore;
  jobs: Pick<JobStore, "findAll">;
  notifiers: Notifiers;
  /**
   * What a job's run after another is to do.
   * @throws AppError `invalid_input` where it can not be run with that
   */
  orderOf(job: DefinedJob, upstream: RunUpstream): Promise<ChainedOrder>;
}

/** What a run that starts after another is to do. */
export interface ChainedOrder {
  spec: RunSpec;
  job: RunJob;
  isWithoutSecrets: boolean;
}

/** Takes up what is due, as much as one alarm may. */
export async function handOver(ports: HandOverPorts): Promise<NotifyReport> {
  const { handovers, clock } = ports;
  const problems: string[] = [];
  const putsOff: string[] = [];
  const due = await handovers.due(clock.now(), HANDOVER_BATCH);
  const jobOf = await jobsOf(ports, due);
  /** By chain, how many were started since they were counted. */
  const startedSince = new Map<string, number>();
  let isAlarmed = false;
  for (let from = 0; from < due.length; from += HANDOVERS_AT_ONCE)
    await Promise.all(
      due.slice(from, from + HANDOVERS_AT_ONCE).map(async (handover) => {
        const { rootId, job } = handover;
        const since = startedSince.get(rootId) ?? 0;
        startedSince.set(rootId, since + 1);
        const counted = { ...handover, started: handover.started + since };
        try {
          const ending = await takeUp(ports, counted, await jobOf(handover));
          if (ending !== null) isAlarmed = (await end(ports, handover, ending)) || isAlarmed;
        } catch (error) {
          const told = (why: unknown) => `${job} after ${handover.upstreamRunId}: ${messageOf(why)}`;
          try {
            isAlarmed = (await putOff(ports, handover, messageOf(error))) || isAlarmed;
            putsOff.push(told(error));
          } catch (why) {
            // It is due still: whoever comes next would fail by it at once. Those beside it go on.
            problems.push(told(error), told(why));
          }
        }
      }),
    );
  // An alert that is not called for here is told by the minute's cron.
  if (isAlarmed) await ports.notifiers.wake(OUTBOX_NOTIFIER, clock.now()).catch(() => undefined);
  return {
    nextAt: await handovers.nextDueAt(),
    problems,
    ...(putsOff.length > 0 && { putOff: putsOff }),
  };
}

/** Calls whoever takes up handovers, where some wait: what the minute's cron makes good, where a call was lost. */
export async function wakeChains({
  handovers,
  notifiers,
}: Pick<HandOverPorts, "handovers" | "notifiers">): Promise<void> {
  const nextAt = await handovers.nextDueAt();
  if (nextAt !== null) await notifiers.wake(CHAINS_NOTIFIER, nextAt);
}

/**
 * The jobs as they are now: a run that follows is of the version in force when it is accepted, as every other. They are read together, or,
 * where that fails, each by itself, so that one that can not be read keeps no other from what it starts.
 * @returns null of a job that is gone
 */
async function jobsOf(
  { jobs }: Pick<HandOverPorts, "jobs">,
  due: DueHandover[],
): Promise<(of: DueHandover) => Promise<DefinedJob | null>> {
  const keyOf = ({ orgId, job }: DueHandover) => `${orgId}/${job}`;
  const read = async (orgId: string, names: string[]) =>
    (await jobs.findAll(orgId, names)).filter(({ job }) => job.deletedAt === null);
  const found = new Map<string, DefinedJob>();
  const unread = new Set<string>();
  for (const orgId of new Set(due.map((handover) => handover.orgId))) {
    const names = new Set(due.flatMap((handover) => (handover.orgId === orgId ? handover.job : [])));
    try {
      for (const each of await read(orgId, [...names])) found.set(`${orgId}/${each.job.name}`, each);
    } catch {
      unread.add(orgId);
    }
  }
  return async (of) =>
    (unread.has(of.orgId) ? (await read(of.orgId, [of.job]))[0] : found.get(keyOf(of))) ?? null;
}

/** Starts the run of one handover. @returns why there is to be none; null where there is one, whoever started it */
async function takeUp(
  ports: HandOverPorts,
  { orgId, ended, started }: DueHandover,
  job: DefinedJob | null,
): Promise<Ending | null> {
  const upstream: RunUpstream & { chain: ChainPlace } = upstreamOf(ended);
  const following = job && { isPaused: job.job.pausedAt !== null, on: job.definition.on ?? [] };
  const ending = endingOf(following, upstream, started);
  if (job === null || ending !== null) return ending;
  try {
    const { isWithoutSecrets, ...order } = await ports.orderOf(job, upstream);
    await submitHandedOver(ports, { orgId, ...order, upstream: { ...upstream, isWithoutSecrets } });
    return null;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "invalid_input") throw error;
    const where = error.path === null ? "" : `${error.path}: `;
    return { verdict: "refused", detail: `the job can not be run: ${where}${error.message}` };
  }
}

/** @returns whether an alert may have been recorded */
async function end({ handovers, clock }: HandOverPorts, handover: DueHandover, ending: Ending) {
  const { ended, upstreamRunId } = handover;
  const detail = ending.detail.slice(0, DELIVERY_TEXT_MAX_CHARS);
  const alarm = isAlarming(ending)
    ? {
        upstreamJob: ended.job,
        detail: `it was not started after run ${upstreamRunId} of ${ended.job}: ${detail}`,
      }
    : null;
  await handovers.end(handover, { ...ending, detail }, clock.now(), alarm);
  return alarm !== null;
}

/** What failed on our side is tried again, for a day. @returns whether an alert may have been recorded */
async function putOff(ports: HandOverPorts, handover: DueHandover, why: string): Promise<boolean> {
  const { handovers, clock } = ports;
  const tries = handover.tries + 1;
  const delay = repeatDelayMs(tries, HANDOVER_RETRY_FIRST_MS, HANDOVER_RETRY_MAX_MS);
  const nextAt = Math.ceil(clock.now() + spread(delay, `${handover.upstreamRunId}${handover.job}${tries}`));
  const detail = `it could not be started: ${why}`;
  if (nextAt - handover.endedAt > HANDOVER_GIVE_UP_MS)
    return end(ports, handover, { verdict: "refused", detail: `${detail}; it was tried for a day` });
  await handovers.putOff(handover, tries, nextAt, detail.slice(0, DELIVERY_TEXT_MAX_CHARS));
  return false;
}
