/** The few pictures the pages have: drawn in the colour of the text around them, never the only carrier of a meaning. */

import type { RunStatus } from "../../core/run.ts";

/** A mayfly: two raised wings, a bent body, long tails. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <path class="wing" d="M10.6 12.2C7.4 9 5.6 4.6 6.6 2.4c3 .6 5.4 4.8 5.4 9z" />
      <path class="wing back" d="M12.4 11.6c.2-3.8 2.4-7 5-7.8 1 2.2-.8 6-4 8.6z" />
      <path
        class="body"
        d="M8.2 10.4c2 1.4 4.6 2.6 6.2 4.8 1.4 2 2.4 4.2 5.2 6.4M14.4 15.2c.6 2.2.6 4.4 1.4 6.6"
      />
    </svg>
  );
}

const SHAPES: Record<RunStatus, string> = {
  queued: "M8 4.6V8l2.2 1.6",
  starting: "M8 2.2A5.8 5.8 0 0 1 13.8 8",
  running: "M8 2.2A5.8 5.8 0 0 1 13.8 8",
  retrying: "M11.4 5.2A4.2 4.2 0 1 0 12.2 8M11.8 2.8v2.6H9.2",
  succeeded: "M5.2 8.2 7.2 10.2 10.9 6",
  failed: "M5.8 5.8l4.4 4.4M10.2 5.8 5.8 10.2",
  cancelled: "M4.2 11.8l7.6-7.6",
};

export function StatusIcon({ status }: { status: RunStatus }) {
  const turning = status === "starting" || status === "running";
  return (
    <svg
      class={turning ? "icon turning" : "icon"}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
    >
      {status !== "retrying" && <circle class={turning ? "track" : ""} cx="8" cy="8" r="5.8" />}
      {status === "running" && <circle class="dot" cx="8" cy="8" r="2.2" />}
      <path d={SHAPES[status]} />
    </svg>
  );
}
