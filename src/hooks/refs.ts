/** Names of branches and tags, as Git spells them in full. */

const HEADS = "refs/heads/";
const TAGS = "refs/tags/";

export interface NamedRef {
  ref: string;
  branch: string | null;
  tag: string | null;
}

/** Null for a ref that is neither a branch nor a tag, as GitHub's own are. */
export function namedRef(ref: string | null): NamedRef | null {
  if (ref === null) return null;
  if (ref.length > HEADS.length && ref.startsWith(HEADS)) return branchRef(ref.slice(HEADS.length));
  return ref.length > TAGS.length && ref.startsWith(TAGS) ? tagRef(ref.slice(TAGS.length)) : null;
}

export function branchRef(name: string): NamedRef {
  return { ref: HEADS + name, branch: name, tag: null };
}

export function tagRef(name: string): NamedRef {
  return { ref: TAGS + name, branch: null, tag: name };
}
