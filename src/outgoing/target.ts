/** Reading a URL that somebody gives; `core/webhook/target.ts` judges what it leads to. */

import { WEBHOOK_URL_MAX_CHARS } from "../core/limits.ts";
import { acceptedTargets, type TargetPolicy, targetComplaint } from "../core/webhook/target.ts";

/** The URL, or what is wrong with it, as its giver reads it. */
export function readTarget(text: string, policy: TargetPolicy): { url: URL } | { complaint: string } {
  if (text.length > WEBHOOK_URL_MAX_CHARS)
    return { complaint: `can have at most ${WEBHOOK_URL_MAX_CHARS} characters` };
  if (!URL.canParse(text)) return { complaint: acceptedTargets(policy) };
  const url = new URL(text);
  const complaint = targetComplaint(url, policy);
  return complaint === null ? { url } : { complaint };
}
