/** Chains in the API's words: the run before, and the jobs that start after one. */

import type { RunUpstream } from "../core/chain/upstream.ts";
import { changeJson } from "../core/hook/change.ts";
import type { Handover } from "../flow/ports/handovers.ts";
import type { HandoverBody, RunUpstreamBody } from "./handover-schema.ts";
import { timeOrNull } from "./run-body.ts";

export function upstreamBody(upstream: RunUpstream): RunUpstreamBody {
  const { runId, job, outcome, reason, exitCode, change, isWithoutSecrets } = upstream;
  return {
    run_id: runId,
    job,
    outcome,
    reason,
    exit_code: exitCode,
    without_secrets: isWithoutSecrets,
    change: change && changeJson(change),
  };
}

export function handoverBody({ job, verdict, detail, decidedAt, run }: Handover): HandoverBody {
  return {
    job,
    verdict,
    detail,
    decided_at: timeOrNull(decidedAt),
    run_id: run?.id ?? null,
    run: runOf(run),
  };
}

function runOf(run: Handover["run"]): HandoverBody["run"] {
  return run && { status: run.status, reason: run.reason };
}
