import type { ExitEvent } from "./schemas/event.ts";
import type { Machine } from "./schemas/machine.ts";

/** How the main process last ended; null where it did not. */
export function exitOf({ events }: Machine): ExitEvent | null {
  return events.find(({ type }) => type === "exit")?.request?.exit_event ?? null;
}
