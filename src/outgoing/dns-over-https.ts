/**
 * What addresses a name stands for, by the JSON API of DNS over HTTPS that Cloudflare and Google have
 * (https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/). A worker can not ask otherwise.
 */

import { DNS_ANSWER_MAX_BYTES, DNS_TIMEOUT_MS } from "../core/limits.ts";

export type LookUp =
  | { kind: "found"; addresses: string[] }
  /** There is no such name, or it has no address. */
  | { kind: "none" }
  | { kind: "failed"; error: string };

/** RR types (RFC 1035, RFC 3596). */
const TYPES = { A: 1, AAAA: 28 } as const;
/** Response codes (RFC 1035): all is well, and there is no such name. */
const [NOERROR, NXDOMAIN] = [0, 3];

interface Answer {
  Status?: unknown;
  Answer?: ({ type?: unknown; data?: unknown } | null)[];
}

/** @param server such as https://cloudflare-dns.com/dns-query */
export async function lookUp(fetcher: typeof fetch, server: string, name: string): Promise<LookUp> {
  const addresses: string[] = [];
  for (const type of ["A", "AAAA"] as const) {
    let answer: Answer;
    try {
      answer = await ask(fetcher, server, name, type);
    } catch (error) {
      return { kind: "failed", error: `${name} can not be looked up: ${(error as Error).message}` };
    }
    if (answer.Status === NXDOMAIN) continue;
    if (answer.Status !== NOERROR)
      return {
        kind: "failed",
        error: `${name} can not be looked up: the answer is of status ${answer.Status}`,
      };
    for (const record of Array.isArray(answer.Answer) ? answer.Answer : [])
      if (record?.type === TYPES[type] && typeof record.data === "string") addresses.push(record.data);
  }
  return addresses.length === 0 ? { kind: "none" } : { kind: "found", addresses };
}

async function ask(fetcher: typeof fetch, server: string, name: string, type: string): Promise<Answer> {
  const url = new URL(server);
  url.searchParams.set("name", name);
  url.searchParams.set("type", type);
  const response = await fetcher(url.href, {
    headers: { accept: "application/dns-json" },
    redirect: "manual",
    signal: AbortSignal.timeout(DNS_TIMEOUT_MS),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url.host} answered ${response.status}`);
  }
  const answer: Answer | null = JSON.parse(await boundedText(response));
  if (answer === null || typeof answer !== "object") throw new Error(`${url.host} answered no JSON object`);
  return answer;
}

async function boundedText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > DNS_ANSWER_MAX_BYTES) {
      await reader.cancel();
      throw new Error(`the answer has more than ${DNS_ANSWER_MAX_BYTES} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}
