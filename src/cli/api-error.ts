/** Failed calls of the API, in words. */

import type { ErrorBody } from "../api/run-schema.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { plain } from "./plain.ts";

/** The API said no. `code`, `path` and `requestId` are its own words, null where the answer was not Mayfly's. */
export class ApiError extends CliError {
  readonly status: number;
  readonly code: string | null;
  readonly path: string | null;
  readonly requestId: string | null;

  constructor(call: string, status: number, body: ErrorBody["error"] | null) {
    super(sentence(call, status, body), { hint: hintOf(call, status, body) });
    this.status = status;
    this.code = body?.code ?? null;
    this.path = body?.path ?? null;
    this.requestId = body?.request_id ?? null;
  }

  /** True where the same call may go through a little later. */
  get mayPass(): boolean {
    return this.status >= 500 || this.status === 429;
  }
}

/** Nothing was answered, or the answer broke off. Whether the call took effect is not known. */
export class Unreachable extends CliError {
  constructor(url: string, cause: unknown) {
    const code = causeCode(cause);
    super(REASONS[code]?.(url) ?? `the connection to ${url} failed (${plain(code || messageOf(cause))})`, {
      hint: code === "ECONNREFUSED" ? "is Mayfly running? `npm start` starts it" : undefined,
      cause,
    });
  }
}

const REASONS: Record<string, (url: string) => string> = {
  ECONNREFUSED: (url) => `nothing answers at ${url}`,
  ENOTFOUND: (url) => `the name in ${url} is not known`,
  ETIMEDOUT: (url) => `${url} does not answer`,
  TimeoutError: (url) => `${url} did not answer in time`,
};

/** True for failures after which the same call, made safe to repeat, is worth another try. */
export function mayPass(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiError && error.mayPass);
}

/** Reads the body of a failed answer. */
export async function apiErrorOf(call: string, response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as Partial<ErrorBody> | null;
  const error = body?.error;
  return new ApiError(
    call,
    response.status,
    typeof error?.code === "string" && typeof error.message === "string" ? error : null,
  );
}

function sentence(call: string, status: number, body: ErrorBody["error"] | null): string {
  if (body === null) return `${call} was answered with ${status}, and not by Mayfly's API`;
  const { others = [], others_left_out: more = 0 } = body;
  const lines = [body, ...others].map(complaintLine);
  // An answer is somebody else's: each line is made plain by itself.
  return [...lines.map(plain), ...(more > 0 ? [`and ${more} more`] : [])].join("\n        ");
}

// Which header or path parameter it was is this program's business, not its user's.
function complaintLine({ path, message }: { path: string | null; message: string }): string {
  const ours = path === null || path.startsWith("header.auth") || path.startsWith("path.");
  return ours ? message : `${path}: ${message}`;
}

function hintOf(call: string, status: number, body: ErrorBody["error"] | null): string | undefined {
  if (status === 401)
    return "the token is in .mayfly/local.json where Mayfly was started; or give --token or MAYFLY_TOKEN";
  if (body === null) return "is this the URL of a Mayfly?";
  return status >= 500
    ? `${call}, ${status} ${plain(body.code)}, request ${plain(body.request_id ?? "unknown")}`
    : undefined;
}

/** Node's fetch hides the reason in `cause`, and one attempt per address in an AggregateError. */
function causeCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if (error.name === "TimeoutError") return error.name;
  const code = (error as NodeJS.ErrnoException).code;
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return (typeof code === "string" && code !== "ERR_INVALID_STATE" ? code : "") || causeCode(inner);
}

function messageOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error ? cause.message : String(error instanceof Error ? error.message : error);
}

/** The failure of a command because a run is not there. @param command that reaches the Mayfly that was asked */
export function orNoRun(runId: string, command: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof ApiError && error.code === "not_found")
      throw new CliError(`there is no run ${plain(runId)}`, {
        hint: `\`${command} runs list\` shows the latest`,
        exitCode: EXIT.failed,
      });
    throw error;
  };
}
