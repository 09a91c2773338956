/** Whether a URL may be sent to right now, by what it says and by what its name stands for. */

import { addressComplaint, nameOf } from "../core/webhook/target.ts";
import { lookUp } from "./dns-over-https.ts";
import { readTarget } from "./target.ts";

export interface TargetSettings {
  /** Whether private targets, and http, may be sent to. */
  allowsPrivate: boolean;
  /** Asked what names stand for; null where nobody is. */
  dnsOverHttpsUrl: string | null;
}

/** The URL; or why it can not be sent to, and whether that passes. */
export async function openTarget(
  fetched: typeof fetch,
  settings: TargetSettings,
  given: string,
): Promise<{ why: string; isPassing: boolean } | URL> {
  const target = readTarget(given, settings);
  if ("complaint" in target) return { why: target.complaint, isPassing: false };
  const name = nameOf(target.url);
  if (settings.dnsOverHttpsUrl === null || settings.allowsPrivate || name === null) return target.url;
  const found = await lookUp(fetched, settings.dnsOverHttpsUrl, name);
  if (found.kind === "failed") return { why: found.error, isPassing: true };
  if (found.kind === "none") return { why: `leads to ${name}, which has no address`, isPassing: false };
  for (const address of found.addresses) {
    const complaint = addressComplaint(address);
    // Not the address: it tells what is inside.
    if (complaint !== null)
      return { why: `leads to ${name}, which stands for an address that is not public`, isPassing: false };
  }
  return target.url;
}
