/** One POST to somebody who is not trusted: bounded in time and in what is read of its answer, and never led elsewhere. */

import {
  NOTIFICATION_ANSWER_MAX_BYTES,
  NOTIFICATION_ERROR_MAX_CHARS,
  NOTIFICATION_TIMEOUT_MS,
} from "../core/limits.ts";
import { isTaken, type SendResult } from "../core/notification/attempt.ts";
import type { Clock } from "../flow/ports.ts";

const lenient = new TextDecoder("utf-8", { fatal: false, ignoreBOM: false });

export interface OutgoingRequest {
  headers: Record<string, string>;
  body: string;
}

export interface PostPorts {
  fetch: typeof fetch;
  clock: Clock;
  /** Left out but in tests. */
  timeoutMs?: number;
}

/** An answer as whoever judges it sees it: its first bytes as text. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/** What an answer says of the attempt. */
export type Judged = Pick<SendResult, "error" | "retryAfterMs" | "ending">;

/** @param judge says what an answer means; by its status alone unless told otherwise */
export async function post(
  { fetch, clock, timeoutMs = NOTIFICATION_TIMEOUT_MS }: PostPorts,
  url: URL,
  { headers, body }: OutgoingRequest,
  judge: (answer: Answer, nowMs: number) => Judged = judged,
): Promise<SendResult> {
  const at = clock.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  const took = () => Math.max(0, clock.now() - at);
  try {
    const response = await fetch(url.href, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: timeout,
    });
    const answer = await firstBytes(response);
    const { status } = response;
    return {
      at,
      ms: took(),
      status,
      answer,
      ...judge({ status, headers: response.headers, text: answer }, at),
    };
  } catch (error) {
    const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    return failed(at, took(), why);
  }
}

/** An attempt that came to no request. */
export function failed(at: number, ms: number, why: string): SendResult {
  const error = why.slice(0, NOTIFICATION_ERROR_MAX_CHARS);
  return { at, ms, status: null, answer: null, error, retryAfterMs: null };
}

function judged({ status, headers }: Answer, nowMs: number): Judged {
  return { error: complaintOf(status), retryAfterMs: retryAfter(headers, nowMs) };
}

function complaintOf(status: number): string | null {
  if (isTaken({ status })) return null;
  return status >= 300 && status < 400
    ? `it answered ${status}: redirects are not followed`
    : `it answered ${status}`;
}

/** The beginning of an answer. The rest is not read, and one that stops in the middle has told its status. */
async function firstBytes(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const bytes = new Uint8Array(NOTIFICATION_ANSWER_MAX_BYTES);
  let length = 0;
  try {
    while (length < bytes.length) {
      const { done, value } = await reader.read();
      if (done) break;
      const part = value.subarray(0, bytes.length - length);
      bytes.set(part, length);
      length += part.length;
    }
  } catch {
    // What came is told.
  }
  await reader.cancel().catch(() => undefined);
  return lenient.decode(bytes.subarray(0, length));
}

/** `Retry-After`, in seconds or as a date (RFC 9110 §10.2.3). */
export function retryAfter(headers: Headers, nowMs: number): number | null {
  const text = headers.get("retry-after")?.trim();
  if (!text) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

/** What a failed fetch says: in Node the reason is its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message || String(error);
}
