/**
 * Which URLs may be sent to: a subscriber gives them, and a request goes out from where the worker is. What leads to addresses that are
 * not the public internet's is refused, however it is spelt. What a name stands for is asked of a resolver elsewhere; its answers are
 * judged here, too.
 */

import ipaddr from "ipaddr.js";

export interface TargetPolicy {
  /** Whether private targets, and http, are allowed: on one's own computer. */
  allowsPrivate: boolean;
}

/** Names that are never the public internet's, with all below them (RFC 6761, 6762, 8375, 9476; the clouds', Fly's, Kubernetes' and Consul's own). */
const PRIVATE_ENDINGS = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "home.arpa",
  "flycast",
  "svc",
  "consul",
  "onion",
  "alt",
  "test",
  "invalid",
];

/** Public addresses at which a cloud answers its own machines with what is theirs alone (Azure's, and Oracle's is reserved already). */
const METADATA_ADDRESSES = ["168.63.129.16"];

/** The parts of a URL that say where it leads, as a parser of the WHATWG URL Standard gives them. */
export interface TargetUrl {
  /** With its colon. */
  protocol: string;
  /** In which every spelling of an IPv4 address (octal, hexadecimal, one number, other digits) is one, and one of IPv6 stands in brackets. */
  hostname: string;
  username: string;
  password: string;
}

/** What is accepted, as the giver of a URL reads it. */
export function acceptedTargets({ allowsPrivate }: TargetPolicy): string {
  return allowsPrivate ? "must be an https or http URL" : "must be an https URL";
}

/** What is wrong with a URL, or null. */
export function targetComplaint(url: TargetUrl, policy: TargetPolicy): string | null {
  const { allowsPrivate } = policy;
  if (url.protocol !== "https:" && !(allowsPrivate && url.protocol === "http:"))
    return acceptedTargets(policy);
  // fetch refuses them, and a log would have them.
  if (url.username !== "" || url.password !== "") return "can have no user and password before its host";
  return allowsPrivate ? null : hostComplaint(url.hostname);
}

/** The host's name to look up; null where it is an address itself. */
export function nameOf({ hostname }: Pick<TargetUrl, "hostname">): string | null {
  const host = bare(hostname);
  return ipaddr.isValid(host) ? null : host;
}

function hostComplaint(host: string): string | null {
  const name = bare(host);
  if (ipaddr.isValid(name)) return addressComplaint(name);
  const labels = name.split(".");
  const isPrivate = PRIVATE_ENDINGS.some((ending) => name === ending || name.endsWith(`.${ending}`));
  // Of one word alone whoever resolves it makes what it likes.
  if (isPrivate || labels.length < 2 || labels.includes(""))
    return `can not lead to ${name}, which is no public name`;
  return null;
}

/** What is wrong with an address that a name stands for, or null. */
export function addressComplaint(address: string): string | null {
  if (!ipaddr.isValid(address)) return `leads to ${address}, which is no address`;
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  const isGlobal = parsed.kind() === "ipv4" || ((parsed.toByteArray()[0] ?? 0) & 0xe0) === 0x20;
  if (range === "unicast" && isGlobal && !METADATA_ADDRESSES.includes(parsed.toString())) return null;
  return `can not lead to ${parsed.toString()}, which is no address of the public internet`;
}

/** Without the brackets of an IPv6 address and the dot of the root. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}
