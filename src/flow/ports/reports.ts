/** What is known of the reports on commits, and who brings them there. */

import type { CommitStatus } from "../../core/commit-status/status.ts";
import type { HookKey } from "../../core/hook/hook.ts";
import type { SendResult } from "../../core/webhook/attempt.ts";
import type { DueNotification } from "./webhooks.ts";

/** One attempt to tell it. What goes wrong is in its result. */
export type SendStatus = (orgId: string, status: CommitStatus) => Promise<SendResult>;

export interface ReportLedger {
  /**
   * Whether what a report tells does not hold: a newer run that was neither dropped nor superseded reports on the same commit in the same
   * context, its own run has told more since, or its own was dropped beside another that reports there.
   */
  isOvertaken(report: DueNotification, status: CommitStatus): Promise<boolean>;
  /** One of a hook's was taken. */
  noteTaken(hook: HookKey): Promise<void>;
  /** One of them was not. @returns since when none is; null where there is no such hook */
  noteFailed(hook: HookKey, at: number): Promise<number | null>;
  /** Records that none of a hook's is taken since a time, once for that time, where that is so still. */
  alert(hook: HookKey, failingSince: number, at: number, detail: string): Promise<void>;
}
