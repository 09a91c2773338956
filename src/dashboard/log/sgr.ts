/** Select Graphic Rendition (ECMA-48 §8.3.117): how a terminal's text looks, and the CSS classes that say so. */

import { nearestInPalette } from "./palette.ts";

/** The look of text from here on. Colours are numbers of the 256-colour palette; null is the panel's own. */
export interface Sgr {
  fg: number | null;
  bg: number | null;
  bold: boolean;
  faint: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  inverse: boolean;
}

export const PLAIN: Sgr = {
  fg: null,
  bg: null,
  bold: false,
  faint: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
};

/**
 * The look after `ESC [ parameters m`. What it does not know changes nothing; so does blinking, and so does hidden text:
 * what a job wrote stays readable.
 */
export function applySgr(before: Sgr, parameters: string): Sgr {
  const sgr = { ...before };
  const codes = parameters.split(";");
  for (let i = 0; i < codes.length; i++) {
    const [code = "", ...sub] = (codes[i] ?? "").split(":");
    const number = Number(code);
    if (number === 38 || number === 48) {
      // 38:5:n and 38:2::r:g:b carry their values along; 38;5;n and 38;2;r;g;b spread them over the next codes.
      const values = sub.length > 0 ? sub : codes.slice(i + 1, i + 5);
      const color = colorOf(values, sub.length > 0);
      if (sub.length === 0) i += values[0] === "5" ? 2 : values[0] === "2" ? 4 : 0;
      if (color !== null) sgr[number === 38 ? "fg" : "bg"] = color;
    } else applyCode(sgr, number, sub[0]);
  }
  return sgr;
}

/** The classes of a look, "" for the plain one. The stylesheet has them in `log.css`. */
export function classesOf(sgr: Sgr): string {
  const { fg, bg, inverse } = sgr;
  const classes: string[] = [];
  if (inverse) classes.push(bg === null ? "fi" : `f${bg}`, fg === null ? "bi" : `b${fg}`);
  else {
    if (fg !== null) classes.push(`f${fg}`);
    if (bg !== null) classes.push(`b${bg}`);
  }
  if (sgr.bold) classes.push("bo");
  if (sgr.faint) classes.push("fa");
  if (sgr.italic) classes.push("it");
  if (sgr.underline) classes.push("un");
  if (sgr.strike) classes.push("st");
  return classes.join(" ");
}

function applyCode(sgr: Sgr, code: number, sub: string | undefined): void {
  if (code === 0) Object.assign(sgr, PLAIN);
  else if (code === 1) sgr.bold = true;
  else if (code === 2) sgr.faint = true;
  else if (code === 3) sgr.italic = true;
  else if (code === 4) sgr.underline = sub !== "0";
  else if (code === 7) sgr.inverse = true;
  else if (code === 9) sgr.strike = true;
  else if (code === 21) sgr.underline = true;
  else if (code === 22) sgr.bold = sgr.faint = false;
  else if (code === 23) sgr.italic = false;
  else if (code === 24) sgr.underline = false;
  else if (code === 27) sgr.inverse = false;
  else if (code === 29) sgr.strike = false;
  else if (code >= 30 && code <= 37) sgr.fg = code - 30;
  else if (code === 39) sgr.fg = null;
  else if (code >= 40 && code <= 47) sgr.bg = code - 40;
  else if (code === 49) sgr.bg = null;
  else if (code >= 90 && code <= 97) sgr.fg = code - 90 + 8;
  else if (code >= 100 && code <= 107) sgr.bg = code - 100 + 8;
}

function colorOf(values: string[], colons: boolean): number | null {
  if (values[0] === "5") return byteOf(values[1]);
  if (values[0] !== "2") return null;
  // With colons a colour space may stand before the three values.
  const [r, g, b] = (colons && values.length > 4 ? values.slice(2, 5) : values.slice(1, 4)).map(byteOf);
  return r == null || g == null || b == null ? null : nearestInPalette(r, g, b);
}

function byteOf(text: string | undefined): number | null {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isInteger(value) && value >= 0 && value <= 255 ? value : null;
}
