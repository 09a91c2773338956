/** The lines of a crontab (crontab(5) of Vixie cron, Debian's, cronie's and OpenBSD's), read as cron reads them. */

import { CRONTAB_MAX_ENTRIES } from "../../core/limits.ts";

/** A line that runs a command. */
export interface Entry {
  line: number;
  /** Five fields, or a nickname such as "@daily". */
  when: { fields: string[] } | { nickname: string };
  /** Of a system's crontab. */
  user: string | null;
  command: string;
  /** What the command reads from its stdin: the text behind the first %, each further one a new line. */
  stdin: string | null;
  /** The variables that are set above it. */
  variables: Record<string, string>;
}

export interface UnreadLine {
  line: number;
  message: string;
}

const VARIABLE = /^[ \t]*("[^"]*"|'[^']*'|[^ \t=#"'@*][^ \t=]*)[ \t]*=[ \t]*(.*)$/;
const FIELD_COUNT = 5;

/** @param isSystem a user stands before each command, as in /etc/crontab and /etc/cron.d */
export function readCrontab(text: string, isSystem: boolean): { entries: Entry[]; unread: UnreadLine[] } {
  const entries: Entry[] = [];
  const unread: UnreadLine[] = [];
  let variables: Record<string, string> = {};
  // Editors of Windows begin a file with U+FEFF.
  for (const [index, raw] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1;
    if (/^[ \t]*(?:#|$)/.test(raw)) continue;
    const variable = variableOf(raw);
    if (variable !== null) {
      variables = { ...variables, [variable.name]: variable.value };
      continue;
    }
    if (entries.length === CRONTAB_MAX_ENTRIES) {
      unread.push({
        line,
        message: `and those after it: a crontab can have at most ${CRONTAB_MAX_ENTRIES} commands`,
      });
      break;
    }
    const entry = entryOf(raw, isSystem);
    if ("message" in entry) unread.push({ line, ...entry });
    else entries.push({ line, ...entry, variables });
  }
  return { entries, unread };
}

/** Null where the line is none: an entry whose command has a = in it begins with a field. */
function variableOf(raw: string): { name: string; value: string } | null {
  const match = VARIABLE.exec(raw);
  const [, quotedName = "", rest = ""] = match ?? [];
  const name = unquoted(quotedName);
  return match === null || !/^[A-Za-z_]\w*$/.test(name) || name === "__proto__"
    ? null
    : { name, value: unquoted(rest.trimEnd()) };
}

function unquoted(text: string): string {
  const quote = text[0];
  return text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote)
    ? text.slice(1, -1)
    : text;
}

type ReadEntry = Omit<Entry, "line" | "variables">;

function entryOf(raw: string, isSystem: boolean): ReadEntry | { message: string } {
  const isNickname = /^[ \t]*@/.test(raw);
  const words = splitFront(raw.trimStart(), (isNickname ? 1 : FIELD_COUNT) + (isSystem ? 1 : 0));
  if (words === null)
    return {
      message: `is no entry: ${isNickname ? "a nickname" : "five fields"}${isSystem ? ", a user" : ""} and a command are one`,
    };
  const { front, rest } = words;
  const user = isSystem ? (front.pop() ?? null) : null;
  if (user?.includes("/"))
    return {
      message: `has no user before its command, but ${user.slice(0, 100)}; a user's own crontab is read without --system`,
    };
  const { command, stdin } = commandOf(rest);
  if (command.trim() === "") return { message: "has no command" };
  const [first = ""] = front;
  // A - in front keeps cron from writing a line to its log (SUSE, cronie).
  const fields = [first.replace(/^-(?=.)/, ""), ...front.slice(1)];
  return { when: isNickname ? { nickname: first.toLowerCase() } : { fields }, user, command, stdin };
}

/** So many words, and what follows them as it stands; null where there is less. */
function splitFront(text: string, count: number): { front: string[]; rest: string } | null {
  const front: string[] = [];
  let rest = text;
  while (front.length < count) {
    const match = /^([^ \t]+)[ \t]+/.exec(rest);
    if (match === null) return null;
    front.push(match[1] ?? "");
    rest = rest.slice(match[0].length);
  }
  return rest === "" ? null : { front, rest };
}

/** "\%" is a percent sign; of the others the first ends the command. */
function commandOf(text: string): { command: string; stdin: string | null } {
  const parts = text.split(/(?<!\\)%/).map((part) => part.replaceAll("\\%", "%"));
  const [command = "", ...lines] = parts;
  return { command: command.trimEnd(), stdin: lines.length === 0 ? null : lines.join("\n") };
}
