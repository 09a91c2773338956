/** Whether the APIs that a job's hooks report to may be sent to, as a webhook's URL is asked where it is put. */

import { AppError } from "../../../core/error.ts";
import type { HookSpec } from "../../../core/hook/hook.ts";
import { refused } from "../../errors.ts";
import type { FieldComplaint } from "../../field-complaints.ts";
import type { ApiPorts } from "../../ports.ts";

/** @throws AppError `invalid_input`; `unavailable` where that can not be told right now */
export async function checkReportTargets(
  { webhookKeeper }: Pick<ApiPorts, "webhookKeeper">,
  hooks: readonly HookSpec[],
): Promise<void> {
  const complaints: FieldComplaint[] = [];
  for (const [index, { report }] of hooks.entries()) {
    const path = ["hooks", index, "report", "base_url"];
    if (!report || report.apiUrl === null) continue;
    const message = await webhookKeeper.targetComplaint(report.apiUrl).catch((error) => {
      throw error instanceof AppError ? error.placed(() => path.join(".")) : error;
    });
    if (message !== null) complaints.push({ path, message });
  }
  if (complaints.length > 0) throw refused(complaints, null);
}
