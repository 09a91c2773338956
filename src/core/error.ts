/** What can go wrong for a caller, as a closed list; `api/errors.ts` maps each code to an HTTP status, once. */

import type { FinalStatus } from "./run.ts";

export type ErrorCode =
  | "invalid_json"
  | "invalid_input"
  | "body_too_large"
  | "unauthorized"
  | "not_found"
  | "method_not_allowed"
  | "idempotency_conflict"
  | "run_is_final"
  | "version_conflict"
  | "too_many_watchers"
  | "unavailable"
  | "internal";

/**
 * An error meant for the caller. `message` says what was wrong and what is accepted; `path` names the place in the
 * request ("machine.cpus", "query.limit"), or is null where the whole request is meant.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly path: string | null;

  constructor(code: ErrorCode, message: string, path: string | null = null) {
    super(message);
    this.name = "AppError";
    this.code = code;
    this.path = path;
  }
}

/** A wish that comes too late: the run has ended. Its callers need to know how, and need not ask again. */
export class RunIsFinal extends AppError {
  readonly status: FinalStatus;

  constructor(status: FinalStatus) {
    super("run_is_final", `the run is ${status} already; a final run can not be cancelled`);
    this.name = "RunIsFinal";
    this.status = status;
  }
}

/** What anything that was thrown says, for a report. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
