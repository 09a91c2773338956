/**
 * Who may drive this server. It runs programs for whoever reaches it, so a page in a browser must not: neither by sending
 * requests to another site (it then carries an Origin), nor under a host name of its own that leads here (DNS rebinding).
 */

import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { hostname } from "node:os";

/** How programs of this computer, and of a Fly network, call it. */
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]", "_api.internal"];
/** Names that nobody can register on the internet (RFC 6762; ICANN reserved .internal for private use in 2024). */
const PRIVATE_NAME = /\.(internal|local|localhost)$/;

export function isLoopback(address: string): boolean {
  return (
    LOOPBACK_NAMES.includes(address) ||
    (isIP(address) === 4 && address.startsWith("127.")) ||
    address === "::1"
  );
}

export interface Asked {
  /** The headers of these names; undefined where there is none. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
}

/**
 * Why a request is refused, or null.
 * @param listensOn the address that was asked to be listened on
 */
export function refusal(asked: Asked, listensOn: string): string | null {
  const host = asked.host ?? "";
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (!isOurs(name, listensOn)) return `this server does not answer to the host name "${name}"`;
  if (asked.origin !== undefined && asked.origin !== `http://${host}`)
    return `pages of "${asked.origin}" may not use this server`;
  if (asked.secFetchSite === "cross-site" || asked.secFetchSite === "same-site")
    return "pages of other sites may not use this server";
  return null;
}

/** An address is nobody's trick: rebinding takes a name. */
function isOurs(name: string, listensOn: string): boolean {
  if (LOOPBACK_NAMES.includes(name) || name === listensOn.toLowerCase() || name === `[${listensOn}]`)
    return true;
  if (isLoopback(listensOn)) return false;
  return (
    isIP(name.replace(/^\[|\]$/g, "")) !== 0 || name === hostname().toLowerCase() || PRIVATE_NAME.test(name)
  );
}

/** Both schemes that clients use, FlyV1 with a list (fly-go tokens/); any token unless one was set. */
export function isAuthorized(header: string | undefined, token: string | null): boolean {
  const given = /^(?:Bearer|FlyV1)\s+(\S.*)$/i.exec(header ?? "")?.[1];
  if (given === undefined) return false;
  return token === null || given.split(",").some((each) => isSame(each.trim(), token));
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
