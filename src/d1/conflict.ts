/** Telling a taken key, and a queue without room, from every other failure of D1. */

const TAKEN_KEY_CODES = ["SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"];

/** True where the statement failed since its key exists. D1 says so in the text of its error, which drizzle wraps in a cause. */
export function isTakenKey(error: unknown): boolean {
  return says(
    error,
    (message) =>
      message.includes("UNIQUE constraint failed") || TAKEN_KEY_CODES.some((code) => message.includes(code)),
  );
}

/** True where a delivery is in its ledger already (`d1/deliveries.ts`). */
export function isTakenDelivery(error: unknown): boolean {
  return says(error, (message) => message.includes("UNIQUE constraint failed: deliveries."));
}

/** True where the statement failed since a run may not have the slot that it wants (`d1/queues.ts`). */
export function isNoRoom(error: unknown): boolean {
  return says(error, (message) => message.includes("NOT NULL constraint failed: queue_tickets."));
}

/** True where a job was changed by another first (`d1/job-store.ts`). */
export function isNotAsSeen(error: unknown): boolean {
  return says(error, (message) => message.includes("NOT NULL constraint failed: job_versions."));
}

/** True where a due time (`d1/firings.ts`), or a handover (`d1/handovers.ts`), is not to have this run. */
export function isNotArmed(error: unknown): boolean {
  return says(error, (message) => /NOT NULL constraint failed: (?:firings|handovers)\./.test(message));
}

function says(error: unknown, what: (message: string) => boolean): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (what(cause.message)) return true;
  return false;
}
