/** Cancel by a filter: each run that is not final and fits is asked to end, a bounded number of them in one call. */

import { AppError, RunIsFinal } from "../core/error.ts";
import { CANCEL_MAX_RUNS } from "../core/limits.ts";
import { isFinal, RUN_STATUSES, type RunStatus } from "../core/run.ts";
import { cancel } from "./cancel.ts";
import type { Clock, Drivers, RunFilter, Store } from "./ports.ts";

/** Statuses of runs that can be cancelled. */
export const ACTIVE_STATUSES: readonly RunStatus[] = RUN_STATUSES.filter((status) => !isFinal(status));

/** Runs cancelled side by side: each is a few calls to the store, and one to its driver. */
const TOGETHER = 5;

export interface CancelledAll {
  /** Asked to end by this call, newest first. */
  runIds: string[];
  /** Runs that somebody had asked to end before. */
  alreadyAsked: number;
  /** Runs that ended by themselves while this went on. */
  ended: number;
  /** Where the next call goes on; null where all that fit have been asked. */
  nextBefore: string | null;
}

/**
 * Asks at most {@link CANCEL_MAX_RUNS} runs to cancel, newest first. Whoever calls again from `nextBefore` reaches each run
 * that was there at the first call once; a call that breaks off loses nothing, as asking twice is asking once.
 */
export async function cancelAll(
  ports: { store: Store; drivers: Drivers; clock: Clock },
  orgId: string,
  filter: Omit<RunFilter, "limit">,
): Promise<CancelledAll> {
  const statuses = filter.statuses.length > 0 ? filter.statuses : [...ACTIVE_STATUSES];
  const page = await ports.store.list(orgId, { ...filter, statuses, limit: CANCEL_MAX_RUNS });
  const waiting = page.runs.filter((run) => run.cancelRequestedAt === null);
  const asked = new Set<string>();
  for (let from = 0; from < waiting.length; from += TOGETHER)
    await Promise.all(
      waiting.slice(from, from + TOGETHER).map(async ({ id }) => {
        if (await isAsked(ports, id)) asked.add(id);
      }),
    );
  return {
    runIds: waiting.map(({ id }) => id).filter((id) => asked.has(id)),
    alreadyAsked: page.runs.length - waiting.length,
    ended: waiting.length - asked.size,
    nextBefore: page.nextBefore,
  };
}

/** False where the run has ended meanwhile. */
async function isAsked(ports: Parameters<typeof cancelAll>[0], runId: string): Promise<boolean> {
  try {
    await cancel(ports, runId);
    return true;
  } catch (error) {
    if (error instanceof RunIsFinal || (error instanceof AppError && error.code === "not_found"))
      return false;
    throw error;
  }
}
