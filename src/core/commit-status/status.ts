/** A commit's status as a run reports it: what its notification has, and keeps from one attempt to the next. */

import type { RunChange } from "../hook/run-delivery.ts";
import type { RunFact } from "../notification/fact.ts";
import { isReportSource, type ReportSource } from "./report.ts";
import { type CommitState, commitStateOf } from "./state.ts";

/** In the API's words: the ledger shows it. */
export interface CommitStatus {
  source: ReportSource;
  /** Null for where the source itself has it. */
  api_url: string | null;
  /** Name of the secret with the token. */
  token: string;
  /** Of a pull request the one that it is to go into. */
  repository: { full_name: string; url: string };
  sha: string;
  /** The branch or tag; of a pull request its head's branch, and of one from a fork a ref that is its alone. */
  ref: string;
  context: string;
  state: CommitState;
  description: string;
  /** The run's page; null where PUBLIC_URL is not set. */
  target_url: string | null;
  run_id: string;
}

/**
 * What a fact has a run report; null where it reports nothing.
 * @param publicUrl where browsers find this Mayfly, without a slash at its end; null where nobody knows
 */
export function commitStatusOf({ run, event }: RunFact, publicUrl: string | null): CommitStatus | null {
  const { source, change, report } = run.delivery ?? {};
  if (!report || !change || change.sha === null || source === undefined || !isReportSource(source))
    return null;
  const told = commitStateOf(event, run.startedAt);
  if (told === null) return null;
  const { fullName, url } = change.repository;
  return {
    source,
    api_url: report.apiUrl,
    token: report.token,
    repository: { full_name: fullName, url },
    sha: change.sha,
    ref: refOf(change),
    context: report.context,
    ...told,
    target_url: publicUrl && `${publicUrl}/runs/${run.id}`,
    run_id: run.id,
  };
}

/** A fork's branch can have the name of one of the repository's own, and is not it. */
function refOf({ branch, tag, pullRequest, ref }: RunChange): string {
  const ofHead = pullRequest !== null && !pullRequest.isFork ? pullRequest.headRef : null;
  return branch ?? tag ?? ofHead ?? ref;
}
