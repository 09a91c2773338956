import type { RunStatus } from "../../core/run.ts";
import { STATUS_WORDS } from "../words/outcome.ts";
import { StatusIcon } from "./icons.tsx";

/** A status as icon and word; its colour only repeats what they say. */
export function StatusBadge({ status }: { status: RunStatus }) {
  return (
    <span class={`badge ${status}`}>
      <StatusIcon status={status} />
      {STATUS_WORDS[status]}
    </span>
  );
}
