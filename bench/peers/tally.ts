/** What became of jobs whose engine was killed: what the engine says, held against what their processes did. */

import type { Outcome } from "./engine.ts";

/** One execution of a job, in milliseconds of one clock. */
export interface Execution {
  readonly job: string;
  readonly startedAt: number;
  /** When its command came to its end; null if it did not. */
  endedAt: number | null;
  /** When the last of its processes was gone; null while one is there. */
  goneAt: number | null;
}

/** A job that was accepted, and what its engine tells of it at last: null for no end. */
export interface Told {
  readonly job: string;
  readonly outcome: Outcome | null;
}

export interface Tally {
  readonly accepted: number;
  /** Run to the end, with its own output and exit code, as the engine tells. */
  readonly done: number;
  /** The engine tells that the job was not run to its end, and it was not. */
  readonly toldFailed: number;
  /** Accepted and without an end. */
  readonly lost: number;
  /** What the engine tells is not what happened, or not what the job wrote. */
  readonly toldWrong: number;
  readonly startedTwice: number;
  /** Executed to the end more than once. */
  readonly endedTwice: number;
  /** Two executions of the job were there at the same moment. */
  readonly twoAtOnce: number;
}

/** A job named N writes N and exits with 0. */
export function tally(told: readonly Told[], executions: readonly Execution[]): Tally {
  const jobs = told.map(({ job, outcome }) => {
    const own = executions.filter((execution) => execution.job === job);
    return { job, outcome, own, ended: own.filter(({ endedAt }) => endedAt !== null) };
  });
  const count = (is: (job: (typeof jobs)[number]) => boolean) => jobs.filter(is).length;
  const isDone = ({ job, outcome, ended }: (typeof jobs)[number]) =>
    outcome?.ran === true && outcome.stdout === `${job}\n` && outcome.exitCode === 0 && ended.length > 0;
  const isToldFailed = ({ outcome, ended }: (typeof jobs)[number]) =>
    outcome?.ran === false && ended.length === 0;
  return {
    accepted: jobs.length,
    done: count(isDone),
    toldFailed: count(isToldFailed),
    lost: count(({ outcome }) => outcome === null),
    toldWrong: count((job) => job.outcome !== null && !isDone(job) && !isToldFailed(job)),
    startedTwice: count(({ own }) => own.length > 1),
    endedTwice: count(({ ended }) => ended.length > 1),
    twoAtOnce: count(({ own }) => own.some((one) => own.some((other) => overlap(one, other)))),
  };
}

/** Whether one starts while another, that started before, is there. */
function overlap(one: Execution, other: Execution): boolean {
  return one !== other && other.startedAt <= one.startedAt && (other.goneAt ?? Infinity) > one.startedAt;
}
