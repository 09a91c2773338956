/** The Run after which another was started, as far as that one needs to know of it. */

import { changeEnvironment, type RunChange, untoldStranger } from "../hook/run-delivery.ts";
import type { HookSource } from "../hook/spec.ts";
import type { FinalStatus, Reason, Run } from "../run.ts";

export interface RunUpstream {
  runId: string;
  job: string;
  outcome: FinalStatus;
  /** Null of a success. */
  reason: Reason | null;
  /** Null where a signal ended its command, it had none, or nobody knows. */
  exitCode: number | null;
  /** What it built, or what the first run of the chain did; null where no hook was called. The run that follows builds the same. */
  change: RunChange | null;
  /** Whose hook told of it; absent where none did, and of runs of before this was kept. */
  source?: HookSource;
  /** True where the delivery of the first was about a pull request, and `change` does not tell of it. */
  isOfPullRequest?: true;
  /** Likewise of what can be a fork's. */
  mayBeOfFork?: true;
  /** True where the job's secrets were left out, since that change is, or may be, from a fork. */
  isWithoutSecrets: boolean;
  /** Where in its chain the run is; null of a re-run, which begins one of its own. */
  chain: ChainPlace | null;
}

export interface ChainPlace {
  /** The run that began it: all that follow from it are counted together. */
  rootId: string;
  /** How many runs are before this one, one after the other: 1 of the first that follows. */
  depth: number;
}

/** What a run builds: what its hook was called with, or what the first run of its chain builds; null where no hook was called. */
export function builtChange<C>({ delivery, upstream }: Building<C>): C | null {
  return (delivery ?? upstream)?.change ?? null;
}

/** A run, as it is or as it is told of. */
interface Building<C> {
  delivery: { change: C | null } | null;
  upstream: { change: C | null } | null;
}

/** What is looked at of a run that others follow. */
export type EndedRun = Pick<Run, "id" | "reason" | "exit" | "delivery" | "upstream"> & {
  job: string;
  status: FinalStatus;
};

/** What a run that follows has of the one before. What it is to do has not been asked yet. */
export function upstreamOf(ended: EndedRun): RunUpstream & { chain: ChainPlace } {
  const { id, job, status, reason, exit, delivery, upstream } = ended;
  const source = (delivery ?? upstream)?.source;
  return {
    runId: id,
    job,
    outcome: status,
    reason,
    exitCode: exit?.code ?? null,
    change: builtChange(ended),
    ...(source !== undefined && { source }),
    ...untoldStranger(delivery ?? upstream ?? { change: null }),
    isWithoutSecrets: false,
    chain: { rootId: rootOf(ended), depth: (upstream?.chain?.depth ?? 0) + 1 },
  };
}

/** The run that began the chain that a run is of. The trigger on `run_events` finds it likewise. */
export function rootOf({ id, upstream }: Pick<Run, "id" | "upstream">): string {
  return upstream?.chain?.rootId ?? id;
}

/** The input of a run that follows another. */
export function upstreamInput({ runId, job, outcome, reason, exitCode }: RunUpstream) {
  return { upstream: { run_id: runId, job, outcome, reason, exit_code: exitCode } };
}

/** What such a run's command finds in its environment besides what every run of a job does. */
export function upstreamEnvironment(upstream: RunUpstream): Record<string, string> {
  const { runId, job, outcome, reason, exitCode, change } = upstream;
  return {
    MAYFLY_UPSTREAM_RUN: runId,
    MAYFLY_UPSTREAM_JOB: job,
    MAYFLY_UPSTREAM_OUTCOME: outcome,
    ...(reason !== null && { MAYFLY_UPSTREAM_REASON: reason }),
    ...(exitCode !== null && { MAYFLY_UPSTREAM_EXIT_CODE: String(exitCode) }),
    ...changeEnvironment(change),
  };
}

/** What a re-run has of the run that its origin was started after: it begins a chain of its own, as somebody has asked for it. */
export function repeatedUpstream(upstream: RunUpstream | null): RunUpstream | undefined {
  return upstream === null ? undefined : { ...upstream, chain: null };
}
