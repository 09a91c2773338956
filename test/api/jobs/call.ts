/** Calls about jobs, as a client makes them. */

import { exports } from "cloudflare:workers";
import type { ChangedJobBody } from "../../../src/api/job-schema.ts";
import type { ErrorBody, RunBody } from "../../../src/api/run-schema.ts";
import { RUN } from "./run.ts";

/** Whatever comes back, a body or an error. */
export type Answer<T> = { status: number; headers: Headers; body: T & ErrorBody };

export async function call<T = unknown>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const response = await exports.default.fetch(
    new Request(`https://mayfly.test${path}`, {
      method,
      headers: { authorization: "Bearer test-token", ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === "" ? null : JSON.parse(text)) as T & ErrorBody,
  };
}

export { RUN };

export const put = (name: string, definition: unknown = { run: RUN }, query = "") =>
  call<ChangedJobBody>("PUT", `/v1/jobs/${name}${query}`, definition);

export const runJob = (name: string, body?: unknown, headers: Record<string, string> = {}) =>
  call<RunBody>("POST", `/v1/jobs/${name}/runs`, body, headers);
