/** What the answer of a source's API says of a status: whether it is set, and whether asking again could help. */

import type { ReportSource } from "../core/commit-status/report.ts";
import type { CommitStatus } from "../core/commit-status/status.ts";
import { RATE_LIMIT_PAUSE_MS } from "../core/limits.ts";
import { isTaken } from "../core/notification/attempt.ts";
import { type Answer, type Judged, retryAfter } from "../outgoing/post.ts";

/** What a token has to be allowed, in each source's words. */
const PERMISSIONS: Record<ReportSource, string> = {
  github: 'the permission "Commit statuses: write" (of a classic token the scope repo:status)',
  gitlab: "the scope api, and the role Developer or a higher one in the project",
  gitea: "the scope write:repository, and write access to the repository",
  bitbucket: "the scope repository:write (of an access token: Repositories, Write)",
};

/** Client errors that pass by themselves (RFC 9110, RFC 8470); GitLab's 409 says that another update of the status is in progress. */
const PASSING = new Set([408, 409, 423, 425]);

export function judgeStatus(
  { source, repository, token }: CommitStatus,
  { status, headers, text }: Answer,
  nowMs: number,
): Judged {
  const answered = (error: string | null): Judged => ({ error, retryAfterMs: retryAfter(headers, nowMs) });
  const over = (why: string): Judged => ({
    ...answered(`it answered ${status}: ${why}`),
    ending: "given_up",
  });
  if (isTaken({ status })) return answered(null);
  // It says so of a status that is in the state already, or past it.
  if (source === "gitlab" && status === 400 && text.includes("Cannot transition status"))
    return { ...answered(null), ending: "delivered" };
  const limited = rateLimitMs(status, headers, text, nowMs);
  if (limited !== null)
    return { error: `it answered ${status}: its rate limit is reached`, retryAfterMs: limited };
  if (status >= 500 || PASSING.has(status)) return answered(`it answered ${status}`);
  const { full_name } = repository;
  if (status < 400)
    return over(
      "redirects are not followed; the repository may have another name now, or report.base_url not lead to the API",
    );
  switch (status) {
    case 401:
      return over(`the token in the secret ${token} is not valid there, or not any more; set it anew`);
    case 403:
      return over(
        `the token in the secret ${token} may not do that in ${full_name}; it needs ${PERMISSIONS[source]}`,
      );
    case 404:
      return over(
        `there is no such commit in ${full_name}, or the token in the secret ${token} does not see the repository; it needs ${PERMISSIONS[source]}`,
      );
    default:
      return over(`it does not take this status of ${full_name}; its answer says why`);
  }
}

/**
 * For how long a rate limit asks to wait; null where none is reached. GitHub answers 403 or 429, with `Retry-After`, or none left until
 * `X-RateLimit-Reset`, or a sentence alone; GitLab 429 with `RateLimit-Reset`. Both give the reset in seconds since 1970.
 */
function rateLimitMs(status: number, headers: Headers, text: string, nowMs: number): number | null {
  const after = retryAfter(headers, nowMs);
  const isUsedUp = headers.get("x-ratelimit-remaining")?.trim() === "0";
  const isLimit =
    status === 429 || (status === 403 && (after !== null || isUsedUp || /rate limit/i.test(text)));
  if (!isLimit) return null;
  const reset = headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset");
  const untilReset = reset !== null && /^\d{1,12}$/.test(reset.trim()) ? Number(reset) * 1000 - nowMs : null;
  return Math.max(0, after ?? untilReset ?? RATE_LIMIT_PAUSE_MS);
}
