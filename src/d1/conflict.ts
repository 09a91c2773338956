/** Telling a taken key from every other failure of D1. */

const TAKEN_KEY_CODES = ["SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"];

/** True where the statement failed since its key exists. D1 says so in the text of its error, which drizzle wraps in a cause. */
export function isTakenKey(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { message } = cause;
    if (
      message.includes("UNIQUE constraint failed") ||
      TAKEN_KEY_CODES.some((code) => message.includes(code))
    )
      return true;
  }
  return false;
}
