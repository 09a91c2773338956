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

/** One thing that is wrong with a request. */
export interface Complaint {
  /** As of an {@link AppError}. */
  path: string | null;
  message: string;
}

/**
 * An error meant for the caller. `message` says what was wrong and what is accepted; `path` names the place in the
 * request ("machine.cpus", "query.limit"), or is null where the whole request is meant.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly path: string | null;
  /** What else is wrong, where that was looked for. */
  readonly others: readonly Complaint[];

  constructor(
    code: ErrorCode,
    message: string,
    path: string | null = null,
    others: readonly Complaint[] = [],
  ) {
    super(message);
    this.name = "AppError";
    this.code = code;
    this.path = path;
    this.others = others;
  }

  /** All that is wrong. */
  get complaints(): Complaint[] {
    return [{ path: this.path, message: this.message }, ...this.others];
  }

  /** The same of what stands elsewhere in a request: another error with other paths. */
  placed(pathOf: (path: string | null) => string | null): AppError {
    const others = this.others.map(({ path, message }) => ({ path: pathOf(path), message }));
    return new AppError(this.code, this.message, pathOf(this.path), others);
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
