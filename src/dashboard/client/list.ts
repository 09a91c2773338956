/** A list that changes by itself: fetched again, quietly, while something in it is under way. */

import { serverNow } from "./clock.ts";
import { refreshParts } from "./parts.ts";

const REFRESH_MS = 3000;

export function followList(): void {
  if (!list()) return;
  void keepRefreshing();
  // Whoever comes back from starting a run wants to see it.
  addEventListener("focus", () => void refresh());
}

const list = (): HTMLElement | null => document.querySelector("[data-list]");

async function keepRefreshing(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    if (isUnderWay(list()?.dataset.refresh) && !document.hidden) await refresh();
  }
}

/** From when on: at once, at a time, or never, and the list stays as it is. */
function isUnderWay(from: string | undefined): boolean {
  return from === "" || (from !== undefined && Date.parse(from) <= serverNow());
}

async function refresh(): Promise<void> {
  const url = list()?.dataset.list;
  if (url !== undefined && (await refreshParts(url)) === "signed_out") location.reload();
}
