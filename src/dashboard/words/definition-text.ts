/**
 * A definition as people write it: YAML, in blocks, that reads as the same value. `jobs-file/` writes files of jobs with a whole library;
 * a page needs no more than this of it.
 */

import { visible } from "./body-text.ts";

/** JSON values only. */
export function yamlText(value: unknown): string {
  return `${block(value, 0).replace(/^\n/, "")}\n`;
}

/** What stands behind a key or a dash: on its line, or, from a line feed on, below it. */
function block(value: unknown, level: number): string {
  if (Array.isArray(value)) {
    const flow = flowList(value);
    if (flow !== null) return flow;
    return value.map((item) => `\n${indent(level)}- ${inItem(item, level + 1)}`).join("");
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    return entries.map(([key, of]) => `\n${indent(level)}${field(key, of, level)}`).join("");
  }
  if (typeof value === "string" && isLinesOfText(value)) return lines(value, level);
  return scalar(value);
}

function field(key: string, value: unknown, level: number): string {
  const text = block(value, level + 1);
  return text.startsWith("\n") ? `${scalar(key)}:${text}` : `${scalar(key)}: ${text}`;
}

/** The first line of what is in a list stands beside its dash. */
function inItem(value: unknown, level: number): string {
  return block(value, level).trimStart();
}

const indent = (level: number): string => "  ".repeat(level);

/** Short lists of words stand in one line; null where it is none. */
function flowList(list: unknown[]): string | null {
  if (list.some((item) => (typeof item === "object" && item !== null) || isLinesOfText(item))) return null;
  const text = `[${list.map(scalar).join(", ")}]`;
  return text.length > FLOW_MAX_CHARS && list.length > 1 ? null : text;
}

const FLOW_MAX_CHARS = 90;

function lines(text: string, level: number): string {
  const keep = text.endsWith("\n") ? (text.endsWith("\n\n") ? "+" : "") : "-";
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  const indented = body.split("\n").map((line) => (line === "" ? "" : indent(Math.max(1, level)) + line));
  return `|${keep}\n${indented.join("\n")}`;
}

/** Text of several lines that can stand as it is: other control characters, and what would not be seen, can only be escaped, and its first line tells the indent. */
function isLinesOfText(value: unknown): boolean {
  if (typeof value !== "string" || !/^\S.*\n/s.test(value) || /[^\n\t\P{Cc}]/u.test(value)) return false;
  return visible(value) === value;
}

/** Words that YAML, of whichever version, takes for something else than text. */
const NO_TEXT = /^(?:true|false|yes|no|on|off|y|n|null)$/i;
const PLAIN = /^(?:[A-Za-z_]|\.{0,2}\/|-{1,2}(?=[A-Za-z]))(?:[\w./@%+=-]|:(?=[\w/])| (?=[\w./@%+=-]))*$/;

function scalar(value: unknown): string {
  const isPlain = typeof value === "string" && PLAIN.test(value) && !NO_TEXT.test(value);
  return isPlain ? value : visible(JSON.stringify(value));
}
