/** The page of a run that is not final: its output as it comes, its state as it changes. */

import type { OutputLine, OutputStep } from "../../api/run-schema.ts";
import { LogView } from "./log-view.ts";
import { refreshParts } from "./parts.ts";

/** A run that is starting changes within a second; one that runs says most by its output, and one that waits can do so for long. */
const REFRESH_STARTING_MS = 1000;
const REFRESH_LASTING_MS = 4000;
/** Steps are over sooner than runs. */
const REFRESH_STEPS_MS = 2000;
/** Pauses before a lost stream is opened again: doubling from the first to the last. */
const REOPEN_FIRST_MS = 1000;
const REOPEN_LAST_MS = 30_000;

export function followRun(): void {
  const panel = document.getElementById("log");
  // How it ended is what most come for.
  if (panel) panel.scrollTop = panel.scrollHeight;
  if (!head() || isFinal()) return;
  const announced = { status: head()?.dataset.status };
  const refresh = async (evenHidden = false): Promise<void> => {
    const refreshed =
      document.hidden && !evenHidden ? "ok" : await refreshParts(`${location.pathname}?part=summary`);
    if (refreshed === "signed_out") return location.reload();
    announce(announced);
    hideNoOutput(panel);
  };
  const stop = keepRefreshing(refresh);
  if (panel?.dataset.live !== undefined)
    follow(panel, panel.dataset.live, refresh, () => {
      stop();
      void refresh(true);
    });
}

const head = (): HTMLElement | null => document.getElementById("head");
const isFinal = (): boolean => head()?.dataset.final !== undefined;

/** Asks for the run's state again and again until it is final. Returns what ends it. */
function keepRefreshing(refresh: () => Promise<void>): () => void {
  let stopped = false;
  const again = async (): Promise<void> => {
    if (stopped) return;
    await refresh();
    if (!isFinal()) schedule();
  };
  const schedule = (): void => {
    const { status, waiting } = head()?.dataset ?? {};
    const lasts = status === "running" || waiting !== undefined;
    const lastingMs = document.getElementById("steps") === null ? REFRESH_LASTING_MS : REFRESH_STEPS_MS;
    setTimeout(again, lasts ? lastingMs : REFRESH_STARTING_MS);
  };
  schedule();
  return () => {
    stopped = true;
  };
}

/** Says a new status to those who listen, and in the title to those who look at another tab. */
function announce(announced: { status: string | undefined }): void {
  const { status, title } = head()?.dataset ?? {};
  if (title !== undefined) document.title = title;
  if (status === announced.status) return;
  announced.status = status;
  const announcer = document.getElementById("announcer");
  const words = [...(head()?.querySelectorAll(".state .badge, .state .sentence") ?? [])];
  if (announcer) announcer.textContent = words.map((element) => element.textContent).join(": ");
}

/** The server counts output when a run is settled; the panel may show some before that. */
function hideNoOutput(panel: HTMLElement | null): void {
  if (panel?.childElementCount) document.getElementById("no-output")?.remove();
}

type LiveState = "live" | "connecting" | "reconnecting" | "not live: too many watch this run; trying again";

function follow(panel: HTMLElement, url: string, refresh: () => Promise<void>, ended: () => void): void {
  const view = new LogView(panel);
  const state = document.getElementById("live-state");
  let after = panel.dataset.after ?? "";
  let pauseMs = REOPEN_FIRST_MS;
  /** True once the server said why the stream ends: then it is not lost. */
  let expected = false;
  const say = (text: LiveState | null): void => {
    if (!state) return;
    state.hidden = text === null;
    state.textContent = text;
    state.classList.toggle("on", text === "live");
  };

  const open = (): void => {
    const source = new EventSource(`${url}?after=${encodeURIComponent(after)}`);
    source.onopen = () => {
      pauseMs = REOPEN_FIRST_MS;
      expected = false;
      say("live");
    };
    source.addEventListener("resume", () => {
      expected = true;
    });
    source.addEventListener("busy", () => {
      expected = true;
      say("not live: too many watch this run; trying again");
    });
    source.addEventListener("step", (message) => view.know(JSON.parse(message.data) as OutputStep));
    source.addEventListener("output", (message) => {
      const first = panel.childElementCount === 0;
      after = message.lastEventId || after;
      view.write(JSON.parse(message.data) as OutputLine);
      if (first) void refresh();
    });
    source.addEventListener("end", () => {
      source.close();
      say(null);
      view.end();
      ended();
    });
    source.onerror = () => {
      if (!expected) say("reconnecting");
      // A lost connection the browser takes up again by itself; one that was refused it gives up.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, pauseMs);
      pauseMs = Math.min(REOPEN_LAST_MS, pauseMs * 2);
      void refresh();
    };
  };
  say("connecting");
  open();
}
