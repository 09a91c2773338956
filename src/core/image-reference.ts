/**
 * References to container images: `[registry[:port]/]name[:tag][@digest]`, by the grammar that registries and container
 * engines share (https://github.com/distribution/reference, reference.go; which part is the registry: normalize.go).
 */

const HOST_PART = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const REGISTRY = new RegExp(`^(?:${HOST_PART}(?:\\.${HOST_PART})*|\\[[A-Fa-f0-9:]+\\])(?::[0-9]+)?$`);
const PORT_MAX = 65_535;
const NAME_PART = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[A-Fa-f0-9]{32,}$/;
/** Hexadecimal digits of the algorithms that the OCI image specification registers (descriptor.md, Digests). */
const DIGEST_CHARS: Record<string, number> = { sha256: 64, sha512: 128 };
/** Of the name without its registry (reference.go, RepositoryNameTotalLengthMax). */
const NAME_MAX_CHARS = 255;

/** Why the text is no reference to an image, as a sentence about it; null where it is one. */
export function imageComplaint(text: string): string | null {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(text)?.[0];
  if (scheme !== undefined)
    return `must be an image reference and no URL: leave out "${scheme}", as in "ghcr.io/acme/build:1"`;
  if (/\s/.test(text)) return "must be an image reference, which has no blanks";
  if (/^[a-f0-9]{64}$/.test(text))
    return "must be an image's name and not its id; a digest follows the name after @";
  const at = text.indexOf("@");
  const [registry, rest] = splitRegistry(at < 0 ? text : text.slice(0, at));
  const colon = rest.indexOf(":");
  return (
    registryComplaint(registry) ??
    nameComplaint(colon < 0 ? rest : rest.slice(0, colon)) ??
    tagComplaint(colon < 0 ? null : rest.slice(colon + 1)) ??
    digestComplaint(at < 0 ? null : text.slice(at + 1))
  );
}

/** What stands before the first slash is a registry only where it can not be a part of a name. */
function splitRegistry(text: string): [registry: string | null, rest: string] {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  const isRegistry = first === "localhost" || /[.:A-Z]/.test(first);
  return isRegistry ? [first, text.slice(slash + 1)] : [null, text];
}

function registryComplaint(registry: string | null): string | null {
  const port = Number(/:([0-9]+)$/.exec(registry ?? "")?.[1] ?? 1);
  if (port < 1 || port > PORT_MAX) return `names a registry at port ${port}; ports are from 1 to ${PORT_MAX}`;
  return registry === null || REGISTRY.test(registry)
    ? null
    : `names no registry before its first "/"; one is "ghcr.io" or "localhost:5000"`;
}

function nameComplaint(name: string): string | null {
  if (name === "") return 'must have an image\'s name, such as "debian"';
  if (name.length > NAME_MAX_CHARS) return `can have at most ${NAME_MAX_CHARS} characters in its name`;
  if (/[A-Z]/.test(name)) return "must be in lower case; only a registry and a tag can have capitals";
  return name.split("/").every((part) => NAME_PART.test(part))
    ? null
    : 'must be an image reference, such as "debian:12" or "ghcr.io/acme/build@sha256:…": each part of its name is letters and digits, with single . _ or - between them';
}

function tagComplaint(tag: string | null): string | null {
  return tag === null || TAG.test(tag)
    ? null
    : 'has no tag after its colon; one is at most 128 letters, digits and . _ -, such as "12-slim"';
}

function digestComplaint(digest: string | null): string | null {
  if (digest === null) return null;
  const [algorithm = "", hex = ""] = digest.split(":");
  const chars = DIGEST_CHARS[algorithm];
  return DIGEST.test(digest) && (chars === undefined || hex.length === chars)
    ? null
    : 'has no digest after its @; one is "sha256:" and 64 hexadecimal digits';
}
