/** References to images in full: which registry, which name, which tag or digest. */

import { imageComplaint } from "../../core/image-reference.ts";
import { imageRef } from "../machines/image.ts";
import { ImageError } from "./error.ts";

export interface Reference {
  /** Where it is pulled from: "registry-1.docker.io", "ghcr.io", "localhost:5000". */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  /** What it must be; null where the tag decides. */
  readonly digest: string | null;
  /** One spelling for all that mean the same; the digest stands for the tag where there is one. */
  readonly name: string;
}

/** What Docker Hub is called in references. */
const HUB_NAMES = ["docker.io", "index.docker.io", "registry-1.docker.io"];
const HUB = "registry-1.docker.io";

/** @throws ImageError where the text is no reference */
export function parseReference(text: string): Reference {
  const complaint = imageComplaint(text);
  if (complaint !== null) throw new ImageError(`the image "${text}" ${complaint}`);
  const { registry: named, repository: path, tag } = imageRef(text);
  const at = text.indexOf("@");
  const registry = HUB_NAMES.includes(named) ? HUB : named;
  const repository = registry === HUB && !path.includes("/") ? `library/${path}` : path;
  return referenceOf(registry, repository, tag, at < 0 ? null : text.slice(at + 1));
}

/** The same image, whatever its tag comes to mean. */
export function pinned(reference: Reference, digest: string): Reference {
  return referenceOf(reference.registry, reference.repository, reference.tag, digest);
}

function referenceOf(registry: string, repository: string, tag: string, digest: string | null): Reference {
  const name = `${registry}/${repository}${digest === null ? `:${tag}` : `@${digest}`}`;
  return { registry, repository, tag, digest, name };
}
