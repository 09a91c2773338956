/**
 * Globs of branches, tags and paths, as GitHub Actions reads them
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet): `*` is anything but "/",
 * `**` anything, `?` none or one and `+` one or more of what is before it, `[]` one letter or digit of those in it, `\` takes the meaning
 * from what is after it, and "!" at the beginning excludes. They are matched in counted steps, all ways at once.
 */

import { HOOK_GLOB_MAX_CHARS } from "../limits.ts";
import { Pattern, type Steps } from "../pattern/match.ts";

const SPECIAL = /[*?+[\]\\!]/;
const CLASS = /\[((?:[a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d|[a-zA-Z\d])+)\]/y;

interface Glob {
  isNegated: boolean;
  /** What it stands for where nothing in it is special; else null. */
  literal: string | null;
  /** The same as a regular expression of a whole text. */
  pattern: string;
}

/** What is wrong with a glob, as a sentence that its path can stand before; null where nothing is. */
export function globComplaint(glob: string): string | null {
  if (glob.length > HOOK_GLOB_MAX_CHARS)
    return `has ${glob.length} characters; it can have ${HOOK_GLOB_MAX_CHARS}`;
  const read = readGlob(glob);
  return "complaint" in read ? read.complaint : null;
}

/** The first thing wrong with a list of them, at which place of it. */
export function globsComplaint(globs: readonly string[]): { index: number; message: string } | null {
  for (const [index, glob] of globs.entries()) {
    const message = globComplaint(glob);
    if (message !== null) return { index, message };
  }
  return globs.length > 0 && globs.every((glob) => glob.startsWith("!"))
    ? { index: 0, message: 'excludes, and nothing is included: put "**" before it to include all else' }
    : null;
}

/**
 * Whether a list of globs takes in a text: the last of them that fits decides, and where none does it does not.
 * @param globs of which `globsComplaint` has nothing to say
 * @throws TooManySteps of `pattern/match.ts`
 */
export function globMatcher(globs: readonly string[], steps: Steps): (text: string) => boolean {
  const matchers = globs.map((text) => {
    const glob = readGlob(text);
    if ("complaint" in glob) return null;
    const { literal, isNegated } = glob;
    const pattern = literal === null ? new Pattern(glob.pattern) : null;
    const fits = (name: string) => (pattern === null ? name === literal : pattern.test(name, steps));
    return { isNegated, fits };
  });
  return (text) => {
    const last = matchers.findLast((matcher) => {
      steps.left -= 1;
      return matcher?.fits(text);
    });
    return last !== undefined && last?.isNegated === false;
  };
}

function readGlob(text: string): Glob | { complaint: string } {
  const isNegated = text.startsWith("!");
  const glob = isNegated ? text.slice(1) : text;
  if (glob === "") return { complaint: "must not be empty" };
  let pattern = "";
  let literal: string | null = "";
  /** Whether what was read last can be repeated. */
  let isOne = false;
  for (let at = 0; at < glob.length; ) {
    const char = String.fromCodePoint(glob.codePointAt(at) ?? 0);
    const where = `(character ${at + 1 + (isNegated ? 1 : 0)})`;
    if (SPECIAL.test(char) && char !== "!" && char !== "\\") literal = null;
    at += char.length;
    if (char === "*") {
      const isAny = glob[at] === "*";
      if (isAny) at += 1;
      const isFolders = isAny && glob[at] === "/";
      if (isFolders) at += 1;
      // Also none, so that "**/README.md" fits at the top.
      pattern += isFolders ? "(?:[^]+/)?" : isAny ? "[^]*" : "[^/]*";
      isOne = false;
    } else if (char === "?" || char === "+") {
      if (!isOne) return { complaint: `has a ${char} with nothing before it to repeat ${where}` };
      pattern += char;
      isOne = false;
    } else if (char === "[") {
      CLASS.lastIndex = at - 1;
      const found = CLASS.exec(glob);
      if (found === null || !areInOrder(found[1] ?? ""))
        return {
          complaint: `must have letters and digits in [], and ranges of them as a-z, A-Z, 0-9 ${where}`,
        };
      pattern += found[0];
      at += found[0].length - 1;
      isOne = true;
    } else if (char === "]") {
      return { complaint: `has a ] without a [ before it ${where}` };
    } else {
      const plain = char === "\\" ? glob.slice(at, at + (isPair(glob, at) ? 2 : 1)) : char;
      if (plain === "") return { complaint: `has nothing after the \\ ${where}` };
      if (char === "\\") at += plain.length;
      pattern += quoted(plain);
      if (literal !== null) literal += plain;
      isOne = true;
    }
  }
  return { isNegated, literal, pattern: `^(?:${pattern})$` };
}

function isPair(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}

function areInOrder(members: string): boolean {
  return [...members.matchAll(/(.)-(.)/g)].every(([, from = "", to = ""]) => from <= to);
}

/** Every character by its number, so that none has a meaning of its own. */
function quoted(plain: string): string {
  return `\\u{${(plain.codePointAt(0) ?? 0).toString(16)}}`;
}
