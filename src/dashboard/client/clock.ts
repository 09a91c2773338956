/** Keeps ages and running times going, by the server's clock. */

import { clockTime } from "../words/clock-time.ts";
import { age, elapsedSoFar, until } from "../words/elapsed.ts";

const TICK_MS = 1000;
const isUtc = /^(?:Etc\/)?UTC$/.test(Intl.DateTimeFormat().resolvedOptions().timeZone);
const skewMs = Number(document.documentElement.dataset.now ?? Date.now()) - Date.now();

export function startClock(): void {
  tick();
  setInterval(tick, TICK_MS);
}

/** Epoch milliseconds by the server's clock. */
export function serverNow(): number {
  return Date.now() + skewMs;
}

/** Sets all times on the page. */
export function tick(): void {
  const now = serverNow();
  for (const element of document.querySelectorAll<HTMLElement>("[data-since]"))
    setText(element, elapsedSoFar(now - Date.parse(element.dataset.since ?? "")));
  for (const element of document.querySelectorAll<HTMLElement>("[data-age]"))
    setText(element, age(Date.parse(element.dataset.age ?? ""), now));
  for (const element of document.querySelectorAll<HTMLElement>("[data-due]"))
    setText(element, until(Date.parse(element.dataset.due ?? ""), now));
  for (const element of document.querySelectorAll<HTMLElement>("[data-local]")) showLocal(element);
}

/** Puts the reader's own clocks in the place of UTC's; where they show what stands beside it already, it is left out. */
function showLocal(element: HTMLElement): void {
  const at = element.dataset.local ?? "";
  delete element.dataset.local;
  if (isUtc) return;
  const text = clockTime(Date.parse(at));
  element.hidden = element.closest(".clock")?.querySelector("time")?.textContent === text;
  setText(element, `${text} local`);
}

/** Writes only what differs: a selection in unchanged text stays. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
