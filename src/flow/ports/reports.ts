/** What is known of the reports on commits, and who brings them there. */

import type { CommitStatus } from "../../core/commit-status/status.ts";
import type { HookKey } from "../../core/hook/hook.ts";
import type { SendResult } from "../../core/notification/attempt.ts";
import type { DueNotification } from "./notifications.ts";

/** One attempt to tell it. What goes wrong is in its result. */
export type SendStatus = (orgId: string, status: CommitStatus) => Promise<SendResult>;

export interface ReportLedger {
  /**
   * What has more to say than a report, so that this is not sent: a newer run that reports on the same commit in the same context, unless
   * it was cancelled before it ran; what its own run has told since; or, where its own never ran, an older run that reports there. Null where
   * nothing has.
   */
  overtakenBy(report: DueNotification, status: CommitStatus): Promise<Overtaker | null>;
  /** One of a hook's was taken. */
  noteTaken(hook: HookKey): Promise<void>;
  /** One of them was not. @returns since when none is; null where there is no such hook */
  noteFailed(hook: HookKey, at: number): Promise<number | null>;
  /** Records that none of a hook's is taken since a time, once for that time, where that is so still. */
  alert(hook: HookKey, failingSince: number, at: number, detail: string): Promise<void>;
}

export interface Overtaker {
  /** The id of the report that is to be sent again, as by now another may stand on the commit; null where none is. */
  retold: string | null;
}
