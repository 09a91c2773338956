/**
 * Reads what a program writes to a terminal (ECMA-48): text, the few controls that make sense in a log, and nothing else.
 * Titles, links, pictures, cursor jumps, queries and modes are taken out whole. Sequences may be cut anywhere between two
 * calls; the state carries over and holds only a few characters.
 */

import { LOG_PARAMETERS_MAX_CHARS } from "./bounds.ts";

/** What a log does with a program's output. */
export interface TerminalActions {
  print(text: string): void;
  newline(): void;
  carriageReturn(): void;
  backspace(): void;
  /** To a column counted from 0. */
  toColumn(column: number): void;
  moveBy(columns: number): void;
  eraseToEnd(): void;
  eraseLine(): void;
  style(parameters: string): void;
}

/** Where in a sequence the text ended. Plain data, so that a page can hand it on to its script. */
export interface EscapeState {
  mode: "text" | "escape" | "csi" | "string" | "string_escape";
  parameters: string;
}

export const TEXT_STATE: EscapeState = { mode: "text", parameters: "" };

const PRINTABLE = /[^\x00-\x08\x0a-\x1f\x7f-\x9f]+/y;
const ESC = 0x1b;
/** C1 controls as one character: the eight-bit forms of ESC [ and of the openings and the end of strings. */
const CSI = 0x9b;
const STRING_END = 0x9c;
const STRING_STARTS = new Set([0x90, 0x98, 0x9d, 0x9e, 0x9f]);
/** The same openings after ESC: P X ] ^ _ */
const STRING_STARTS_AFTER_ESC = new Set("PX]^_");

/** Reads a piece of text and returns the state for the next one. */
export function readEscapes(before: EscapeState, text: string, act: TerminalActions): EscapeState {
  let { mode, parameters } = before;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const char = text[i] ?? "";
    if (mode === "text") {
      PRINTABLE.lastIndex = i;
      const run = PRINTABLE.exec(text)?.[0];
      if (run !== undefined) {
        act.print(run);
        i += run.length - 1;
      } else if (code === ESC) mode = "escape";
      else if (code === CSI) [mode, parameters] = ["csi", ""];
      else if (STRING_STARTS.has(code)) mode = "string";
      else control(code, act);
    } else if (mode === "escape") {
      if (char === "[") [mode, parameters] = ["csi", ""];
      else if (STRING_STARTS_AFTER_ESC.has(char)) mode = "string";
      // Intermediate characters ("ESC ( B" chooses a character set) go on, a final one ends it.
      else if (code < 0x20 || code > 0x2f) {
        mode = "text";
        if (code < 0x20 || code > 0x7e) i--;
        else if (char === "c") act.style("0");
      }
    } else if (mode === "csi") {
      if (code >= 0x40 && code <= 0x7e) {
        sequence(char, parameters, act);
        mode = "text";
      } else if (code >= 0x20 && code <= 0x3f) {
        // Past the bound it is no sequence that means anything here; it is still taken out up to its end.
        parameters = parameters.length < LOG_PARAMETERS_MAX_CHARS ? parameters + char : "?";
      } else {
        mode = "text";
        i--;
      }
    } else if (mode === "string_escape" && char === "\\") mode = "text";
    else if (code === ESC) mode = "string_escape";
    else if (code === 0x07 || code === 0x18 || code === 0x1a || code === STRING_END) mode = "text";
    else if (code === 0x0a) {
      // No string that matters here spans lines: one that was never closed hides the rest of its line, not of the log.
      mode = "text";
      i--;
    } else mode = "string";
  }
  return { mode, parameters: mode === "csi" ? parameters : "" };
}

function control(code: number, act: TerminalActions): void {
  if (code === 0x0a || code === 0x85) act.newline();
  else if (code === 0x0d) act.carriageReturn();
  else if (code === 0x08) act.backspace();
}

function sequence(final: string, parameters: string, act: TerminalActions): void {
  if (final === "m") {
    if (/^[\d;:]*$/.test(parameters)) act.style(parameters);
    return;
  }
  if (!/^\d*$/.test(parameters)) return;
  const count = Math.max(1, Number(parameters));
  if (final === "C") act.moveBy(count);
  else if (final === "D") act.moveBy(-count);
  else if (final === "G" || final === "`") act.toColumn(count - 1);
  else if (final === "K" && Number(parameters) === 0) act.eraseToEnd();
  else if (final === "K" && Number(parameters) === 2) act.eraseLine();
  else if (final === "J" && Number(parameters) === 0) act.eraseToEnd();
}
