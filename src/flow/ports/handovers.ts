/** Where it is kept which jobs start after a run that has ended, and what came of that. */

import type { Ending, HandoverKey, HandoverVerdict } from "../../core/chain/handover.ts";
import type { EndedRun } from "../../core/chain/upstream.ts";
import type { Reason, Run, RunStatus } from "../../core/run.ts";

/** One that is to be taken up. */
export interface DueHandover extends HandoverKey {
  /** The run that has ended. */
  ended: EndedRun;
  endedAt: number;
  /** How often it failed so far, on our side. */
  tries: number;
  /** How many runs of its chain were started, as of when it was read; at most `CHAIN_RUNS_MAX` are counted. */
  started: number;
}

/** What a run that has ended tells of a job that starts after it. */
export interface Handover {
  job: string;
  verdict: HandoverVerdict;
  /** A sentence for people: why nothing was started, or not yet; null where there is nothing to add. */
  detail: string | null;
  /** Null while it waits. Epoch milliseconds. */
  decidedAt: number | null;
  /** Null where nothing was started. */
  run: { id: string; status: RunStatus; reason: Reason | null } | null;
}

/** Rows come by themselves, with the event that settles a run; with the run that is started they change in `Store.accept`. */
export interface HandoverStore {
  /** Those that are due by a time, the longest due first. */
  due(throughMs: number, limit: number): Promise<DueHandover[]>;
  /** When the next one is due, in epoch milliseconds; null where none waits. */
  nextDueAt(): Promise<number | null>;
  /** Has one that waits still be tried again. */
  putOff(handover: HandoverKey, tries: number, nextAt: number, detail: string): Promise<void>;
  /**
   * Decides one that waits still, and starts nothing.
   * @param alarm what an alert tells of it, with the job that has run before; null for no alert
   */
  end(
    handover: HandoverKey,
    ending: Ending,
    at: number,
    alarm: { upstreamJob: string; detail: string } | null,
  ): Promise<void>;
  /** The jobs that start after a run, by their names, at most `limit`. */
  ofRun(run: Pick<Run, "id" | "upstream">, limit: number): Promise<Handover[]>;
  /** Removes those of chains that began before a moment, and that were decided before it. @returns how many, up to the limit */
  forget(beforeMs: number, limit: number): Promise<number>;
}
