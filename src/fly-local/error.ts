/** The refusals of the Machines API, in Fly's words: clients match on these texts. */

import type { ContentfulStatusCode } from "hono/utils/http-status";

/** An answer other than 2xx. `code` becomes `status` in the body ("insufficient_capacity"). */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string | null;

  constructor(status: ContentfulStatusCode, message: string, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** The envelope of every error (docs: Working with the Machines API). */
  get body(): { error: string; status?: string } {
    return this.code === null ? { error: this.message } : { error: this.message, status: this.code };
  }
}

export function invalid(message: string): ApiError {
  return new ApiError(400, `invalid_argument: ${message}`);
}

export function machineNotFound(): ApiError {
  return new ApiError(404, "not_found: machine not found");
}

export function precondition(message: string): ApiError {
  return new ApiError(412, `failed_precondition: ${message}`);
}

export function nameTaken(id: string, name: string): ApiError {
  return new ApiError(
    409,
    `already_exists: unique machine name violation, machine ID ${id} already exists with name "${name}"`,
  );
}

export function notImplemented(what: string): ApiError {
  return new ApiError(501, `unimplemented: ${what} is not part of this local Machines API yet`);
}
