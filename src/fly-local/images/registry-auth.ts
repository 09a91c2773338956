/** How a registry wants to be asked: with a name and a password, or with a token that it gives for them (docker's token authentication). */

import type { Credentials } from "./credentials.ts";
import { ImageError } from "./error.ts";
import { answered, readAll } from "./http.ts";

/**
 * The Authorization header that answers a challenge, or null where there is nothing to answer with.
 * @throws ImageError where the token is refused
 */
export async function authorization(
  challenge: string,
  registry: string,
  repository: string,
  credentials: Credentials | null,
  signal: AbortSignal,
): Promise<string | null> {
  const basic = credentials === null ? null : `Basic ${encoded(credentials)}`;
  if (/^basic\b/i.test(challenge)) return basic;
  if (!/^bearer\b/i.test(challenge)) return null;
  const { realm = "", service, scope } = parameters(challenge);
  const url = URL.parse(realm);
  if (url === null || !mayBeAsked(url))
    throw new ImageError(
      `${registry} wants a token from "${realm.slice(0, 200)}", which is no https address`,
    );
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", scope ?? `repository:${repository}:pull`);
  const response = await answered(url.href, signal, basic === null ? {} : { authorization: basic });
  const text = (await readAll(response, "the token")).toString("utf8");
  if (!response.ok)
    throw new ImageError(
      `${url.host} answers ${response.status} UNAUTHORIZED: it gives no token for ${repository}`,
    );
  return `Bearer ${tokenIn(text, url.host)}`;
}

function tokenIn(text: string, host: string): string {
  try {
    const { token, access_token } = JSON.parse(text) as Record<string, unknown>;
    const found = token || access_token;
    if (typeof found === "string" && /^[\x21-\x7e]+$/.test(found)) return found;
  } catch {}
  throw new ImageError(`${host} gives no token that can be used`);
}

/** A password goes over TLS, or stays on this computer. */
function mayBeAsked({ protocol, hostname }: URL): boolean {
  const isHere = ["localhost", "[::1]"].includes(hostname) || hostname.startsWith("127.");
  return protocol === "https:" || (protocol === "http:" && isHere);
}

/** `Bearer realm="https://…",service="…"` as pairs. */
function parameters(challenge: string): Record<string, string | undefined> {
  const pairs = challenge.matchAll(/([a-z_]+)="([^"]*)"/gi);
  return Object.fromEntries([...pairs].map(([, name = "", value]) => [name.toLowerCase(), value]));
}

function encoded({ username, password }: Credentials): string {
  return Buffer.from(`${username}:${password}`).toString("base64");
}
