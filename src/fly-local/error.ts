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
  get body(): Record<string, string> {
    return this.code === null ? { error: this.message } : { error: this.message, status: this.code };
  }
}

/** Refusals of lease calls, and of others for a lease's sake, have an envelope of their own (docs: leases). */
export class LeaseError extends ApiError {
  override get body(): Record<string, string> {
    return { status: "error", message: this.message, code: this.code ?? "invalid" };
  }
}

/** @param expires RFC 3339 */
export function leaseHeld(id: string, owner: string, expires: string): LeaseError {
  return new LeaseError(409, `machine ID ${id} lease currently held by ${owner}, expires at ${expires}`);
}

/** flyctl looks for " lease not found". */
export function leaseNotFound(id: string): LeaseError {
  return new LeaseError(404, `machine ID ${id} lease not found`, "not_found");
}

/** In the words of Fly's gateway. */
export function unauthorized(): ApiError {
  return new ApiError(401, "Authenticate: token validation error");
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

/** A change that comes too early or too late, in the words Fly has for a start. @param verb "start" */
export function wrongState(verb: string, state: string): ApiError {
  return state === "replacing"
    ? precondition(`machine getting replaced, refusing to ${verb}`)
    : precondition(`unable to ${verb} machine from current state: '${state}'`);
}

/** Somebody else was faster. */
export function concurrentUpdate(detail: string): ApiError {
  return new ApiError(409, `aborted: machine update failed due to concurrent update: ${detail}`);
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
