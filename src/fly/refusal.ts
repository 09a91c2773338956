/**
 * What a refused create means. Fly spreads one meaning over many statuses and texts, so the `status` code in the body
 * outranks the text, and the text outranks the HTTP status (fly-go flaps_error.go; observed errors).
 */

import type { CreateResult, StartResult } from "../flow/ports.ts";
import type { FlyError } from "./error.ts";

const CAPACITY_CODES = ["insufficient_capacity", "volume_placement_capacity"];
const CAPACITY_TEXTS = [
  "could not find a candidate host",
  "could not reserve resource",
  "insufficient resources",
  "insufficient ips",
  "insufficient cpus",
  "insufficient memory",
  "governor policy blocked start",
  "deploys to this host are temporarily disabled",
];
/** Of the organization and not of a host: room comes as its machines end. */
const QUOTA_TEXTS = ["over the allowed quota", "reached the limit"];
const QUOTA_STATUSES = [403, 422];
const CAPACITY_STATUSES = [400, 403, 409, 412, 422, 503];
const TOO_MANY = 429;
/** "Not now", where nothing else is said (a concurrent update, secrets on their way). */
const PASSING_STATUSES = [409, 412, TOO_MANY];
const IMAGE_TEXTS = [
  "manifest",
  "image not found",
  "failed to pull",
  "unauthorized to access image",
  "image reference",
];

/** Reads a failed create. */
export function createRefusal(error: FlyError): CreateResult {
  const text = error.reply.toLowerCase();
  if (isCapacity(error, text)) return { kind: "refused", reason: "no_capacity", error: error.message };
  if (error.status === 409 && text.includes("unique machine name violation")) return { kind: "exists" };
  // The Machine may exist all the same.
  if (!error.safeToRepeat) return { kind: "uncertain", error: error.message };
  if (error.status !== TOO_MANY && IMAGE_TEXTS.some((known) => text.includes(known)))
    return { kind: "refused", reason: "image_unavailable", error: error.message };
  if (error.kind === "unreachable" || PASSING_STATUSES.includes(error.status ?? 0))
    return { kind: "later", error: error.message, tooMany: error.status === TOO_MANY };
  return { kind: "refused", reason: "launch_refused", error: error.message };
}

/** Reads a failed start. A Machine that is not ready yet, or is started already, is answered 412. */
export function startRefusal(error: FlyError): StartResult {
  if (error.status === 404) return { kind: "gone" };
  if (isCapacity(error, error.reply.toLowerCase())) return { kind: "no_capacity", error: error.message };
  return error.safeToRepeat
    ? { kind: "not_now", error: error.message }
    : { kind: "uncertain", error: error.message };
}

function isCapacity(error: FlyError, text: string): boolean {
  // A 500 may come from behind the create, so it says nothing of room, whatever its words (fly-go's classifier).
  if (error.status === 500) return false;
  if (error.code !== null && CAPACITY_CODES.includes(error.code)) return true;
  if (error.status === null || !CAPACITY_STATUSES.includes(error.status) || error.code !== null) return false;
  if (QUOTA_STATUSES.includes(error.status) && QUOTA_TEXTS.some((known) => text.includes(known))) return true;
  return text.trimEnd().endsWith("no capacity") || CAPACITY_TEXTS.some((known) => text.includes(known));
}
