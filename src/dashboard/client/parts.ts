/** Replaces parts of the page (`[data-part]`, by id) with the server's newer ones. */

import { tick } from "./clock.ts";

/** The server's last answer for each part: what came twice is left alone, with its focus, selection and open details. */
const shown = new Map<string, string>();

/** Why there is no newer part: the session ended, or the server could not be reached. */
export type Refreshed = "ok" | "signed_out" | "failed";

export async function refreshParts(url: string): Promise<Refreshed> {
  let html: string;
  try {
    const response = await fetch(url, { headers: { Accept: "text/html" } });
    if (response.status === 401) return "signed_out";
    if (!response.ok) return "failed";
    html = await response.text();
  } catch {
    return "failed";
  }
  const answer = new DOMParser().parseFromString(html, "text/html");
  for (const part of answer.querySelectorAll<HTMLElement>("[data-part]")) {
    const markup = part.outerHTML;
    const old = document.getElementById(part.id);
    if (old === null || shown.get(part.id) === markup) continue;
    shown.set(part.id, markup);
    replace(old, part);
  }
  tick();
  return "ok";
}

function replace(old: HTMLElement, part: HTMLElement): void {
  for (const details of old.querySelectorAll<HTMLDetailsElement>("details[open]")) {
    const same = details.id === "" ? null : part.querySelector(`#${CSS.escape(details.id)}`);
    if (same instanceof HTMLDetailsElement) same.open = true;
  }
  const focused = old.contains(document.activeElement) ? focusPath(document.activeElement) : null;
  old.replaceWith(part);
  if (focused !== null) part.querySelector<HTMLElement>(focused)?.focus({ preventScroll: true });
}

/** How to find the focused element again in the newer part. */
function focusPath(element: Element | null): string | null {
  if (element === null) return null;
  if (element.id !== "") return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  if (href !== null) return `a[href="${CSS.escape(href)}"]`;
  const details = element.closest("details[id]");
  return details && element.tagName === "SUMMARY" ? `#${CSS.escape(details.id)} > summary` : null;
}
