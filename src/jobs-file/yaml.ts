/**
 * YAML 1.2 as JSON values and their places. A document of somebody else's can neither grow (aliases are counted by what they stand for),
 * nor reach out of itself (no tags of programs), nor mean two things (no name twice, no YAML 1.1).
 */

import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { JOBS_FILE_MAX_BYTES, JOBS_FILE_MAX_VALUES, JSON_LEVELS_MAX } from "../core/limits.ts";
import type { Place } from "./place.ts";

export interface Parsed {
  value: unknown;
  place: Place;
}

/** What is no YAML that is accepted. */
export interface YamlComplaint {
  offset: number;
  /** Names from the top, where the trouble is with a value; null where the text is no YAML. */
  path: string[] | null;
  message: string;
}

/** Complaints about a text's form that are told at once: those that follow mostly come of the first. */
const SYNTAX_COMPLAINTS_MAX = 5;
const MERGE = "<<";
/** The levels of a definition, in a list of jobs in a file. */
const LEVELS_MAX = JSON_LEVELS_MAX + 2;
const TOO_DEEP = `is nested more than ${LEVELS_MAX} levels deep`;
/** Words, signs, line ends and spaces of a text: what is wrong with each takes the composer some ten microseconds. */
const PARTS_MAX = 8 * JOBS_FILE_MAX_VALUES;
const TOO_MANY = `has more than ${JOBS_FILE_MAX_VALUES} values`;
/** Parts that the parser has begun and not ended; a level is two at most. */
const OPEN_MAX = 2 * LEVELS_MAX + 4;

/** The value of a text; or what is wrong with it, and what can be read all the same, in which more may be wrong. */
export function parseYaml(text: string): Parsed | { complaints: YamlComplaint[]; rest: Parsed | null } {
  if (new TextEncoder().encode(text).byteLength > JOBS_FILE_MAX_BYTES)
    return {
      complaints: [{ offset: 0, path: null, message: `can be at most ${JOBS_FILE_MAX_BYTES} bytes` }],
      rest: null,
    };
  try {
    const [document, other] = composed(text);
    const { yaml } = document?.directives ?? {};
    if (yaml?.explicit && yaml.version !== "1.2") throw new Refused(0, "must be YAML 1.2");
    const wrong = [...(document?.errors ?? []), ...(document?.warnings ?? [])];
    if (wrong.length > 0)
      return { complaints: wrong.slice(0, SYNTAX_COMPLAINTS_MAX).map(ofSyntax), rest: null };
    if (other !== undefined)
      throw new Refused(other.range[0], "has several documents; give each a file of its own");
    const reading = new Reading();
    const read = reading.read(document?.contents);
    return reading.complaints.length === 0 ? read : { complaints: reading.complaints, rest: read };
  } catch (error) {
    if (error instanceof Refused) return { complaints: [error.complaint], rest: null };
    throw error;
  }
}

/** The document, and the one that follows it where there are several. */
function composed(text: string): Document.Parsed[] {
  // The composer compares each name with all before it; `Reading` does it at once. Tags that programs give a meaning have none here.
  const composer = new Composer({ uniqueKeys: false, resolveKnownTags: false });
  const documents: Document.Parsed[] = [];
  for (const document of composer.compose(tokensOf(text), true, text.length)) {
    documents.push(document);
    if (documents.length === 2) break;
  }
  return documents;
}

/** The text in parts as the composer takes them, which calls itself for each level of them. */
function* tokensOf(text: string): Generator<CST.Token> {
  const parser = new Parser();
  let parts = 0;
  for (const source of new Lexer().lex(text)) {
    if (++parts > PARTS_MAX) throw new Refused(parser.offset, TOO_MANY);
    yield* parser.next(source);
    if (parser.stack.length > OPEN_MAX) throw new Refused(parser.offset, TOO_DEEP);
  }
  yield* parser.end();
}

function ofSyntax({ pos, message }: YAMLError): YamlComplaint {
  return { offset: pos[0], path: null, message: `is no YAML: ${message}` };
}

/** What can not be read any further. */
class Refused extends Error {
  readonly complaint: YamlComplaint;

  constructor(offset: number, message: string) {
    super(message);
    this.complaint = { offset, path: null, message };
  }
}

class Reading {
  #values = 0;
  readonly #targets = new Map<Alias, unknown>();
  readonly #path: string[] = [];
  /** Of values and names. One that is wrong is read as nothing. */
  readonly complaints: YamlComplaint[] = [];

  read(contents: unknown): Parsed {
    this.#bind(contents, new Map());
    return this.#valueOf(contents, 0);
  }

  /** Each alias stands for the last anchor of its name before it. */
  #bind(node: unknown, anchors: Map<string, unknown>): void {
    if (isAlias(node)) {
      this.#targets.set(node, anchors.get(node.source));
      return;
    }
    if (isNode(node) && "anchor" in node && node.anchor !== undefined)
      anchors.set(node.anchor as string, node);
    if (isMap(node))
      for (const { key, value } of node.items) {
        this.#bind(key, anchors);
        this.#bind(value, anchors);
      }
    if (isSeq(node)) for (const item of node.items) this.#bind(item, anchors);
  }

  /** @param start of what leads to the value, where that is not the value itself */
  #valueOf(node: unknown, level: number, start: number | null = null): Parsed {
    const valueStart = startOf(node) ?? start ?? 0;
    const place: Place = { start: start ?? valueStart, valueStart, isScalar: false, fields: new Map() };
    const complain = (message: string) => this.#complain(valueStart, message);
    if (++this.#values > JOBS_FILE_MAX_VALUES)
      throw new Refused(valueStart, `${TOO_MANY}, with its aliases filled in`);
    if (isAlias(node)) {
      const target = this.#targets.get(node);
      if (target === undefined) {
        complain(`there is no anchor &${node.source} before it`);
        return { value: null, place: { ...place, isScalar: true } };
      }
      const { value, place: meant } = this.#valueOf(target, level);
      // What is wrong inside is shown where it is written; the value itself where it is used.
      return { value, place: { ...place, isScalar: meant.isScalar, fields: meant.fields } };
    }
    if ((isMap(node) || isSeq(node)) && level >= LEVELS_MAX) throw new Refused(valueStart, TOO_DEEP);
    if (isMap(node)) return { value: this.#objectOf(node, level, place), place };
    if (isSeq(node)) {
      const value = node.items.map((item, index) =>
        this.#within(String(index), () => {
          const inside = this.#valueOf(item, level + 1);
          place.fields.set(String(index), inside.place);
          return inside.value;
        }),
      );
      return { value, place };
    }
    return {
      value: isScalar(node) ? this.#scalarOf(node, complain) : null,
      place: { ...place, isScalar: true },
    };
  }

  #objectOf(map: YAMLMap, level: number, place: Place): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    const merged: unknown[] = [];
    for (const pair of map.items) {
      const at = startOf(pair.key) ?? place.valueStart;
      if (isMerge(pair.key)) {
        merged.push(pair.value);
        continue;
      }
      const name = this.#nameOf(pair.key, at);
      if (name === null) continue;
      this.#within(name, () => {
        if (Object.hasOwn(value, name)) {
          this.#complain(at, "is a name that stands twice here");
          return;
        }
        const inside = this.#valueOf(pair.value, level + 1, at);
        setField(value, name, inside.value);
        place.fields.set(name, inside.place);
      });
    }
    for (const node of merged) this.#merge(node, level, value, place);
    return value;
  }

  /** What a map says itself counts, then the first of those merged into it. */
  #merge(node: unknown, level: number, value: Record<string, unknown>, place: Place): void {
    const target = isAlias(node) ? this.#targets.get(node) : node;
    const maps = isSeq(target) ? target.items : [node];
    for (const map of maps) {
      const inside = this.#valueOf(map, level + 1);
      if (typeof inside.value !== "object" || inside.value === null || Array.isArray(inside.value)) {
        this.#within(MERGE, () =>
          this.#complain(startOf(map) ?? place.valueStart, "must be an object, or a list of objects"),
        );
        continue;
      }
      for (const [name, field] of Object.entries(inside.value)) {
        if (Object.hasOwn(value, name)) continue;
        setField(value, name, field);
        const at = inside.place.fields.get(name);
        if (at !== undefined) place.fields.set(name, at);
      }
    }
  }

  /** Null where it is none. */
  #nameOf(key: unknown, at: number): string | null {
    const target = isAlias(key) ? this.#targets.get(key) : key;
    if (!isScalar(target) || (typeof target.value === "object" && target.value !== null)) {
      this.#complain(at, "has a name that is no text");
      return null;
    }
    // A name that looks like a number is the text that it is written as.
    return typeof target.value === "string" ? target.value : (target.source ?? String(target.value));
  }

  #scalarOf({ value, source = "" }: Scalar, complain: (message: string) => void): unknown {
    if (value === undefined || value === null) return null;
    if (typeof value !== "number") return value;
    if (!Number.isFinite(value)) {
      complain("must be a number, and a finite one");
      return null;
    }
    if (/^[-+]?\d+$/.test(source) && BigInt(source.replace("+", "")) !== BigInt(value))
      complain("is a number that can not be held exactly; quotes make it text");
    return value;
  }

  #complain(offset: number, message: string): void {
    this.complaints.push({ offset, path: [...this.#path], message });
  }

  #within<T>(name: string, act: () => T): T {
    this.#path.push(name);
    const made = act();
    this.#path.pop();
    return made;
  }
}

/** Assigned, `__proto__` would be no field: it is kept as one, so that whoever checks the value finds it. */
function setField(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** In quotes it is a name like any other. */
function isMerge(key: unknown): boolean {
  return isScalar(key) && key.type === "PLAIN" && key.value === MERGE;
}

function startOf(node: unknown): number | null {
  return isNode(node) && node.range ? node.range[0] : null;
}
