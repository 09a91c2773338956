/** JSON in requests, read so that what is carried out is what was sent. */

import { AppError } from "../core/error.ts";
import { JSON_LEVELS_MAX } from "../core/limits.ts";
import { clipped } from "./complaints.ts";

/**
 * The value that a body stands for. No two fields of an object have one name: which of them counts would be the reader's choice
 * (RFC 8259 §4).
 * @throws AppError `invalid_json`, and `invalid_input` for what is nested too deep
 */
export function parseJson(bytes: ArrayBuffer): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new AppError("invalid_json", "the body is not UTF-8 text");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError(
      "invalid_json",
      `the body is not JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
  checkNames(text);
  return value;
}

/** The same for a body that may be a repeat of one that was accepted when less was asked of it; or why it would not be accepted now. */
export function parseJsonOfRepeat(bytes: ArrayBuffer): unknown | AppError {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** An object or a list that has begun, and where in it the reader is. */
interface Level {
  /** Of an object, those that it has so far; null for a list. */
  names: Set<string> | null;
  isNameNext: boolean;
  place: string | number;
}

/**
 * Goes once through a text that is JSON, for what its value does not tell: names that came twice, of which one is left.
 * @throws AppError
 */
function checkNames(text: string): void {
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    const level = levels.at(-1);
    if (char === '"') {
      const end = endOfString(text, at);
      if (level?.names && level.isNameNext) {
        level.place = JSON.parse(text.slice(at, end)) as string;
        level.isNameNext = false;
        checkName(level.place, level.names, levels);
      }
      at = end - 1;
    } else if (char === "{" || char === "[") {
      levels.push({ names: char === "{" ? new Set() : null, isNameNext: char === "{", place: 0 });
      if (levels.length > JSON_LEVELS_MAX)
        throw new AppError(
          "invalid_input",
          `objects and lists can be in one another at most ${JSON_LEVELS_MAX} deep`,
          pathOf(levels.slice(0, 1)),
        );
    } else if (char === "}" || char === "]") levels.pop();
    else if (char === "," && level) {
      if (level.names) level.isNameNext = true;
      else level.place = Number(level.place) + 1;
    }
  }
}

function checkName(name: string, names: Set<string>, levels: Level[]): void {
  if (names.has(name))
    throw new AppError("invalid_json", "the same name stands twice in one object", pathOf(levels));
  names.add(name);
}

/** Behind the closing quote of the string that begins there. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function pathOf(levels: Level[]): string {
  return levels.map(({ place }) => clipped(String(place))).join(".");
}
