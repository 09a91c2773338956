/** What a run builds, as a line of a list. */

import type { ChangeBody } from "../../api/delivery-schema.ts";
import { builtWords } from "../../core/hook/change-words.ts";
import { visible } from "./body-text.ts";

/** A message's first line, or a title, can be of any length. */
const ABOUT_MAX_CHARS = 72;

/** "main 72d3162ecc, Mend the gate (ada)". */
export function builtLine(change: ChangeBody): string {
  const { message, author, pull_request: pull } = change;
  const about = shortened(pull?.title ?? message?.split("\n")[0] ?? "", ABOUT_MAX_CHARS);
  const by = author === null || author === "" ? "" : `(${shortened(author, ABOUT_MAX_CHARS)})`;
  const said = [about, by].filter((part) => part !== "").join(" ");
  return visible([builtWords(change), said].filter((part) => part !== "").join(", "));
}

function shortened(text: string, most: number): string {
  const chars = [...text.trim()];
  return chars.length > most ? `${chars.slice(0, most - 1).join("")}…` : chars.join("");
}
