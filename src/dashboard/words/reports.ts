/** What runs report on their commits, in plain words. */

import type { ReportSummaryBody } from "../../api/report-ledger-schema.ts";
import type { CommitState } from "../../core/commit-status/state.ts";
import { visible } from "./body-text.ts";

type Status = ReportSummaryBody["commit_status"];

/** What a commit is told to be. */
export const COMMIT_STATE_WORDS: Record<CommitState, string> = {
  pending: "Pending",
  running: "Running",
  success: "Success",
  failure: "Failure",
  error: "Error",
  cancelled: "Cancelled",
};

const SHA_SHOWN_CHARS = 10;

/** "acme/site at 72d3162ecc". */
export function commitWords({ repository, sha }: Status): string {
  return visible(`${repository.full_name} at ${sha.slice(0, SHA_SHOWN_CHARS)}`);
}

/** "mayfly/deploy on acme/site at 72d3162ecc". */
export function statusWords(status: Status): string {
  return visible(`${status.context} on ${commitWords(status)}`);
}

/** What must be there before it can be sent: "the secret TOKEN"; null where nothing is missing. */
export function missingWords({ waiting }: Pick<ReportSummaryBody, "waiting">): string | null {
  return waiting === null || waiting.secret === null ? null : `the secret ${waiting.secret}`;
}
