/** What went wrong in a call to the Machines API. */

/**
 * How a call failed.
 * - `answered`: the API answered with an error status.
 * - `unanswered`: no answer came (connection lost, time out): the call may have taken effect.
 * - `unreachable`: the connection was refused: the call did not take effect.
 * - `unreadable`: the answer is not of the form that the API documents.
 */
export type FlyErrorKind = "answered" | "unanswered" | "unreachable" | "unreadable";

interface FlyErrorFacts {
  kind: FlyErrorKind;
  method: string;
  url: string;
  /** Null where no answer came. */
  status: number | null;
  /** Fly's own words, or what stood in the way of an answer. */
  reply: string;
  /** Fly's error code ("insufficient_capacity"), absent on most errors. */
  code: string | null;
  /** `fly-request-id`, for Fly's support. */
  requestId: string | null;
}

/** A failed call, with all that a person needs to follow it up: method, URL, status, Fly's request id and a hint. */
export class FlyError extends Error implements FlyErrorFacts {
  readonly kind: FlyErrorKind;
  readonly method: string;
  readonly url: string;
  readonly status: number | null;
  readonly reply: string;
  readonly code: string | null;
  readonly requestId: string | null;

  constructor(facts: FlyErrorFacts) {
    super(messageOf(facts));
    this.name = "FlyError";
    this.kind = facts.kind;
    this.method = facts.method;
    this.url = facts.url;
    this.status = facts.status;
    this.reply = facts.reply;
    this.code = facts.code;
    this.requestId = facts.requestId;
  }

  /**
   * True where repeating the call can not do twice what should be done once: it changes nothing, removes what is removed
   * once, or is known not to have taken effect. 408 and 5xx come from gateways too, so behind them it may have.
   */
  get safeToRepeat(): boolean {
    if (this.method === "GET" || this.method === "DELETE" || this.kind === "unreachable") return true;
    return this.kind === "answered" && this.status !== null && this.status < 500 && this.status !== 408;
  }
}

/** What to do about a status, where there is something to do. */
function hintOf(status: number | null): string | null {
  if (status === 401) return "check FLY_API_TOKEN";
  if (status === 403) return "check that FLY_API_TOKEN may act on every app of FLY_APPS";
  if (status === 404) return "check FLY_APPS and FLY_API_BASE_URL where the Machine should exist";
  if (status === 429) return "Fly takes one call a second for each action and app, three in a burst";
  return null;
}

function messageOf({ method, url, status, reply, requestId }: FlyErrorFacts): string {
  const hint = hintOf(status);
  const extra = [requestId ? `request ${requestId}` : null, hint].filter((part) => part !== null).join("; ");
  return `${method} ${url} ${status === null ? "got no answer" : `answered ${status}`}: ${reply}${extra ? ` (${extra})` : ""}`;
}
