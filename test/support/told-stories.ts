/** Runs' stories as subscribers hear them. */

import type { RunEvent } from "../../src/core/event.ts";
import type { RunChange } from "../../src/core/hook/run-delivery.ts";
import { acceptRun } from "../../src/core/lifecycle.ts";
import { followedBy, type Story, T0 } from "./a-run.ts";

/** The same story, whose command fails. */
export function failing(story: Story): Story {
  const exit = { code: 2, signal: null, oomKilled: false };
  const output = { stdoutBytes: 0, stderrBytes: 7, droppedBytes: 0, complete: true };
  const ended = { at: T0 + 3000, attempt: 1, exit };
  return followedBy(
    story,
    { type: "exited", ...ended, source: "runner" },
    {
      type: "settled",
      at: T0 + 3000,
      status: "failed",
      reason: "exit_code",
      limit: null,
      detail: "the command exited with 2",
      exit,
      output,
    },
  );
}

/** The same story of a run that a hook's delivery started. */
export function ofDelivery({ state, events: [accepted, ...others] }: Story, change: RunChange | null): Story {
  if (accepted?.type !== "accepted") throw new Error("a story begins with a run's acceptance");
  const source = "github" as const;
  const delivery = { hook: source, id: "d1", source, event: "push", change, isWithoutSecrets: false };
  const first: RunEvent = { ...accepted, job: { name: "build", version: 1, input: "{}" }, delivery };
  return followedBy({ state: acceptRun(state.run.id, "default", first), events: [first] }, ...others);
}
