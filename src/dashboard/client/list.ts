/** The list of runs: fetched again, quietly, while one of them is under way. */

import { refreshParts } from "./parts.ts";

const REFRESH_MS = 3000;

export function followList(): void {
  if (!list()) return;
  void keepRefreshing();
  // Whoever comes back from starting a run wants to see it.
  addEventListener("focus", () => void refresh(location.pathname + withPart(location.search)));
}

const list = (): HTMLElement | null => document.getElementById("runs");

async function keepRefreshing(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    const url = list()?.dataset.refresh;
    // Nothing under way: the list stays as it is.
    if (url !== undefined && !document.hidden) await refresh(url);
  }
}

async function refresh(url: string): Promise<void> {
  if ((await refreshParts(url)) === "signed_out") location.reload();
}

function withPart(search: string): string {
  const parameters = new URLSearchParams(search);
  parameters.set("part", "list");
  return `?${parameters}`;
}
