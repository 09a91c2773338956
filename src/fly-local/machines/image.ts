/** Image names in full, as Fly fills them in (docs: Create a Machine, example reply). */

import { createHash } from "node:crypto";

export interface ImageRef {
  registry: string;
  repository: string;
  tag: string;
  digest: string;
  labels: Record<string, string> | null;
}

/** Reads "alpine", "ghcr.io/a/b:1" or "a/b@sha256:…". The digest of a name without one is made up, always the same. */
export function imageRef(image: string): ImageRef {
  const [name = "", digest] = image.split("@");
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const hasRegistry = /[.:]/.test(first) || first === "localhost";
  const registry = hasRegistry ? first : "registry-1.docker.io";
  const rest = hasRegistry ? name.slice(slash + 1) : name;
  const [, path = rest, tag = "latest"] = /^(.*?)(?::([^:/]+))?$/.exec(rest) ?? [];
  const repository = registry === "registry-1.docker.io" && !path.includes("/") ? `library/${path}` : path;
  return {
    registry,
    repository,
    tag,
    digest:
      digest ?? `sha256:${createHash("sha256").update(`${registry}/${repository}:${tag}`).digest("hex")}`,
    labels: null,
  };
}

/** "alpine" is `registry-1.docker.io/library/alpine:latest`. */
export function fullImageName(image: string): string {
  const ref = imageRef(image);
  return `${ref.registry}/${ref.repository}:${ref.tag}${image.includes("@") ? `@${ref.digest}` : ""}`;
}
