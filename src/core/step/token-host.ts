/**
 * Whom a checkout's token is given. A delivery says where what has changed can be fetched from, and who knows no more than its hook's secret (of
 * GitLab that is shown in each call) can send one: he must not have the token sent to a host of his.
 */

import { isReportSource, PUBLIC_APIS } from "../commit-status/report.ts";
import type { HookSource } from "../hook/spec.ts";
import { cutText } from "../utf8.ts";
import type { Checkout } from "./checkout.ts";

/** A name or an address, and a port, as git, curl and a person read them alike. */
const PLAIN = /^(https?):\/\/([a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::([1-9]\d{0,4}))?$/;
/** As long as a name can be in DNS. */
const HOST_MAX_CHARS = 253;
const PORT_MAX = 65_535;
const USUAL_PORTS: Record<string, string> = { https: "443", http: "80" };

/** A host that somebody names, of https where it does not say otherwise, as "https://git.example.com:8443"; null where it is none. */
export function namedOrigin(host: string): string | null {
  const text = host.toLowerCase();
  const [, scheme = "", name = "", port] = PLAIN.exec(text.includes("://") ? text : `https://${text}`) ?? [];
  if (name === "" || name.length > HOST_MAX_CHARS || Number(port ?? 0) > PORT_MAX) return null;
  return `${scheme}://${name}${port === undefined || port === USUAL_PORTS[scheme] ? "" : `:${port}`}`;
}

/** The same of a repository's URL. What reads otherwise to one program than to another is none. */
export function originOfRepository(url: string): string | null {
  const [origin] = /^https?:\/\/[^/\s]+(?=\/)/i.exec(url) ?? [];
  return origin === undefined ? null : namedOrigin(origin);
}

/** Where a source has its repositories for everybody; null of one that everybody runs for himself. */
export function publicHost(source: HookSource | null): string | null {
  return source !== null && isReportSource(source) ? (PUBLIC_APIS[source]?.host ?? null) : null;
}

/**
 * Why a checkout's token is not given where a change says that the repository is; null where it is, or there is none to give.
 * @param named the repository that the job, or whoever runs it by hand, has written; its host is known by that
 * @param source whose hook told of the change; null where nobody knows
 */
export function tokenHostComplaint(
  { repository, token, tokenHosts = [] }: Pick<Checkout, "repository" | "token" | "tokenHosts">,
  named: string | null,
  source: HookSource | null,
): string | null {
  if (token === null || repository === null || repository === named) return null;
  const origin = originOfRepository(repository);
  const host = publicHost(source);
  const known = [
    ...(host === null ? [] : [`https://${host}`]),
    ...tokenHosts.map(namedOrigin),
    ...(named === null ? [] : [originOfRepository(named)]),
  ];
  if (origin !== null && known.includes(origin)) return null;
  const rule = `the token ${token} is given to ${host === null ? "" : `${host} and to `}the hosts that are named here alone`;
  return origin === null
    ? `can not name the host of ${cutText(repository, HOST_MAX_CHARS)}, where the repository is that has changed; ${rule}: say in repository where it is`
    : `does not name ${writtenHost(origin)}, where the repository is that has changed; ${rule}: write token_hosts: ["${writtenHost(origin)}"] beside token, if that host is yours`;
}

/** As short as it can be written. */
function writtenHost(origin: string): string {
  return origin.replace(/^https:\/\//, "");
}
