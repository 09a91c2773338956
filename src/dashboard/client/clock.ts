/** Keeps ages and running times going, by the server's clock. */

import { age, elapsedSoFar } from "../words/elapsed.ts";

const TICK_MS = 1000;
const skewMs = Number(document.documentElement.dataset.now ?? Date.now()) - Date.now();

export function startClock(): void {
  setInterval(tick, TICK_MS);
}

/** Sets all times on the page. */
export function tick(): void {
  const now = Date.now() + skewMs;
  for (const element of document.querySelectorAll<HTMLElement>("[data-since]"))
    setText(element, elapsedSoFar(now - Date.parse(element.dataset.since ?? "")));
  for (const element of document.querySelectorAll<HTMLElement>("[data-age]"))
    setText(element, age(Date.parse(element.dataset.age ?? ""), now));
}

/** Writes only what differs: a selection in unchanged text stays. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
