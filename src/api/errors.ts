/** Errors as callers see them: one table from code to HTTP status, one shape of body. */

import type { Context, ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";
import { AppError, type ErrorCode, RunIsFinal } from "../core/error.ts";
import { COMPLAINTS_TOLD_MAX, WATCH_RETRY_S } from "../core/limits.ts";
import { clipped } from "./complaints.ts";
import { type FieldComplaint, fieldComplaints } from "./field-complaints.ts";
import type { ErrorBody } from "./run-schema.ts";

const STATUS: Record<ErrorCode, ContentfulStatusCode> = {
  invalid_json: 400,
  invalid_input: 422,
  body_too_large: 413,
  unauthorized: 401,
  not_found: 404,
  method_not_allowed: 405,
  idempotency_conflict: 409,
  run_is_final: 409,
  version_conflict: 409,
  too_many_watchers: 429,
  unavailable: 503,
  internal: 500,
};

/** Answers an error in the API's shape. */
export function errorResponse(c: Context, error: AppError): Response {
  const others = error.others.slice(0, COMPLAINTS_TOLD_MAX - 1);
  const body: ErrorBody = {
    error: {
      code: error.code,
      message: error.message,
      path: error.path,
      ...(others.length > 0 && { others }),
      ...(others.length < error.others.length && { others_left_out: error.others.length - others.length }),
      ...(error instanceof RunIsFinal && { run_status: error.status }),
      request_id: c.get("requestId"),
    },
  };
  if (error.code === "too_many_watchers") c.header("retry-after", String(WATCH_RETRY_S));
  return c.json(body, STATUS[error.code]);
}

/** Turns whatever a handler throws into an answer. What is not meant for callers is logged and called internal. */
export const onError: ErrorHandler = (error, c) => {
  if (error instanceof AppError) return errorResponse(c, error);
  if (error instanceof HTTPException && error.status < 500)
    return errorResponse(
      c,
      new AppError(error.status === 413 ? "body_too_large" : "invalid_json", error.message),
    );
  console.error(
    JSON.stringify({
      level: "error",
      request_id: c.get("requestId"),
      path: c.req.path,
      error: String(error),
      stack: error.stack,
    }),
  );
  return errorResponse(
    c,
    new AppError("internal", "something went wrong on our side; the request id finds it in the worker's log"),
  );
};

export const notFound: NotFoundHandler = (c) =>
  errorResponse(
    c,
    new AppError(
      "not_found",
      `there is nothing at ${c.req.method} ${c.req.path}; /openapi.json lists what there is`,
    ),
  );

/** All that a validation complains about, with the paths of its fields: "env.1BAD", "query.limit". */
export function invalidInput(error: z.core.$ZodError, prefix: string | null): AppError {
  const complaints = fieldComplaints(error);
  // Whatever stands in a query is text; several of one name are a list.
  const isTwiceInQuery = (index: number) =>
    prefix === "query" && error.issues[index]?.code === "invalid_type";
  return refused(
    complaints.map((complaint, index) =>
      isTwiceInQuery(index) ? { ...complaint, message: "can be given once" } : complaint,
    ),
    prefix,
  );
}

/**
 * The error of a request in which this is wrong, of which there is one at least.
 * @param prefix of the paths: the part of the request; null for the body
 */
export function refused(complaints: readonly FieldComplaint[], prefix: string | null): AppError {
  const [first = { path: null, message: "the body is not accepted" }, ...others] = complaints.map(
    ({ path, message }) => {
      const place = path.map((name) => clipped(String(name)).toWellFormed());
      const shown = [...(prefix === null ? [] : [prefix]), ...place].join(".");
      return shown === "" ? { path: null, message: `the body ${message}` } : { path: shown, message };
    },
  );
  return new AppError("invalid_input", first.message, first.path, others);
}
