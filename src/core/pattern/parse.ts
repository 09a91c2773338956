/** Reads a regular expression of JavaScript (ECMA-262, with the flag u) into its parts. */

import { PATTERN_MAX_LEVELS } from "../limits.ts";
import { CharSet, type Node, type Place } from "./node.ts";

/** An expression that can not be read. The message is a sentence that its path can stand before. */
export class PatternError extends Error {}

/** One character by an escape; the halves of a pair are one. */
const ESCAPE =
  /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|[pP]\{[^}]*\}|.)/suy;
const CLASS = /\[(?:\\.|[^\]\\])*\]/suy;
const LITERAL = /./suy;
const QUANTIFIER = /(?:[*+?]|\{(\d+)(,(\d*))?\})\??/uy;
const GROUP = /\((?:\?(?:<?[=!]|<[^>=!]*>|([ims]*)(?:-([ims]*))?:))?/uy;

/** Flags that can change for a part of an expression. */
interface Flags {
  i: boolean;
  m: boolean;
  s: boolean;
}

/** @throws PatternError where it is none, or refers back to what a group has matched: how long that takes has no bound */
export function parsePattern(source: string): Node {
  try {
    new RegExp(source, "u");
  } catch {
    throw new PatternError("must be a regular expression of JavaScript (with the flag u)");
  }
  return new Reader(source).either({ i: false, m: false, s: false });
}

/** Of a source that the platform has read: each part is whole. */
class Reader {
  readonly #source: string;
  #at = 0;
  #levels = 0;

  constructor(source: string) {
    this.#source = source;
  }

  either(flags: Flags): Node {
    const of = [this.#sequence(flags)];
    while (this.#source[this.#at] === "|") {
      this.#at += 1;
      of.push(this.#sequence(flags));
    }
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: "either", of };
  }

  #sequence(flags: Flags): Node {
    const parts: Node[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at] ?? ""))
      parts.push(this.#quantified(this.#part(flags)));
    return { kind: "sequence", parts };
  }

  #part(flags: Flags): Node {
    switch (this.#source[this.#at]) {
      case "^":
        this.#at += 1;
        return place((points, at) => at === 0 || (flags.m && isLineEnd(points[at - 1])));
      case "$":
        this.#at += 1;
        return place((points, at) => at === points.length || (flags.m && isLineEnd(points[at])));
      case "(":
        return this.#group(flags);
      case "\\":
        return this.#escape(flags);
      case "[":
        return one(this.#taken(CLASS)[0], flags);
      default:
        return one(this.#taken(LITERAL)[0], flags);
    }
  }

  #escape(flags: Flags): Node {
    const [text] = this.#taken(ESCAPE);
    if (/^\\[1-9k]/.test(text))
      throw new PatternError(
        `can not refer back to a group, as ${text} does: how long that takes has no bound`,
      );
    if (text !== "\\b" && text !== "\\B") return one(text, flags);
    const word = charSet("\\w", flags);
    const isWord = (point: number | undefined) => point !== undefined && word.has(point);
    return place((points, at) => (isWord(points[at - 1]) !== isWord(points[at])) === (text === "\\b"));
  }

  #group(flags: Flags): Node {
    const [opening, on = "", off = ""] = this.#taken(GROUP);
    this.#levels += 1;
    if (this.#levels > PATTERN_MAX_LEVELS)
      throw new PatternError(`has more than ${PATTERN_MAX_LEVELS} groups in one another`);
    const isSet = (flag: keyof Flags) => on.includes(flag) || (flags[flag] && !off.includes(flag));
    const node = this.either({ i: isSet("i"), m: isSet("m"), s: isSet("s") });
    this.#at += 1;
    this.#levels -= 1;
    return /[=!]$/.test(opening)
      ? { kind: "look", isAhead: opening[2] !== "<", isNegated: opening.endsWith("!"), node }
      : node;
  }

  #quantified(node: Node): Node {
    const found = this.#matched(QUANTIFIER);
    if (found === null) return node;
    const [text, least, comma, most] = found;
    if (least === undefined)
      return { kind: "repeat", node, min: text[0] === "+" ? 1 : 0, max: text[0] === "?" ? 1 : Infinity };
    const min = Number(least);
    const max = comma === undefined ? min : most === "" ? Infinity : Number(most);
    return { kind: "repeat", node, min, max };
  }

  #taken(what: RegExp): RegExpExecArray {
    const found = this.#matched(what);
    if (found === null) throw new PatternError(`can not be read from character ${this.#at + 1} on`);
    return found;
  }

  #matched(what: RegExp): RegExpExecArray | null {
    what.lastIndex = this.#at;
    const found = what.exec(this.#source);
    if (found !== null) this.#at += found[0].length;
    return found;
  }
}

function place(isHere: Place): Node {
  return { kind: "place", isHere };
}

function one(source: string, flags: Flags): Node {
  return { kind: "one", of: charSet(source, flags) };
}

function charSet(source: string, { i, s }: Flags): CharSet {
  return new CharSet(source, `u${i ? "i" : ""}${s ? "s" : ""}`);
}

/** ECMA-262, LineTerminator. */
function isLineEnd(point: number | undefined): boolean {
  return point === 0x0a || point === 0x0d || point === 0x2028 || point === 0x2029;
}
