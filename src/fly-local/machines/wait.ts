/** What a wait asks for and when it is answered, apart from the waiting (docs: Wait for a Machine to reach a specified state). */

import { ApiError, invalid, machineNotFound } from "../error.ts";
import { WAIT_MAX_S } from "../limits.ts";
import type { Machine, MachineState } from "./machine.ts";

export interface Wait {
  states: readonly string[];
  timeoutS: number;
  version: string | null;
  fromEventId: string | null;
}

const STATES = ["started", "stopped", "suspended", "destroyed", "failed", "settled"];
/** What is in one of these stays there by itself. */
const SETTLED = ["started", "stopped", "suspended", "destroyed", "failed", "replaced"];

/** @param query every value of each parameter; `state` may be repeated or a comma list and means any of them */
export function readWait(query: Record<string, string[] | undefined>): Wait {
  const states = (query.state ?? []).flatMap((list) => list.split(",")).filter(Boolean);
  const unknown = states.find((state) => !STATES.includes(state));
  if (unknown !== undefined)
    throw invalid(
      `invalid WaitMachineRequest.State: value "${unknown}" must be in list [${STATES.join(" ")}]`,
    );
  const text = query.timeout?.[0] || String(WAIT_MAX_S);
  const timeoutS = /^-?\d+s?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (Number.isNaN(timeoutS))
    throw invalid(`invalid WaitMachineRequest.Timeout: "${text}" is no number of seconds`);
  if (timeoutS < 1 || timeoutS > WAIT_MAX_S)
    throw invalid("invalid WaitMachineRequest.Timeout: value must be inside range [1s, 1m0s]");
  return {
    states: states.length === 0 ? ["started"] : states,
    timeoutS,
    version: query.version?.[0] || query.instance_id?.[0] || null,
    fromEventId: query.from_event_id?.[0] || null,
  };
}

/** The state that a wait sees: a version that is not the Machine's any more is `replaced`, even while the Machine runs. */
export function seenState(wait: Wait, machine: Machine): MachineState | "replaced" {
  const isPast = wait.version !== null && wait.version !== machine.instanceId;
  return isPast && machine.state !== "destroyed" ? "replaced" : machine.state;
}

/**
 * Whether the wait is over. Throws a 404 once the Machine is destroyed and that was not waited for: clients read it as
 * "ended meanwhile" and then GET the Machine. Throws a 400 where nobody is about to start what was updated while stopped.
 */
export function isReached(wait: Wait, machine: Machine): boolean {
  const seen = seenState(wait, machine);
  const isWanted = wait.states.some(
    (state) => state === seen || (state === "settled" && SETTLED.includes(seen)),
  );
  if (!isWanted && seen === "destroyed") throw machineNotFound();
  if (wait.states.every((state) => state === "started") && isLeftStopped(machine))
    throw invalid(`machine is not going to be started, currently ${seen}`);
  return isWanted && hasEventAfter(machine, wait.fromEventId);
}

/** Whether the last that happened is an update of a Machine that did not run. */
function isLeftStopped({ state, relaunch, events }: Machine): boolean {
  const isIdle = state === "stopped" || (state === "replacing" && !relaunch);
  return isIdle && events[0]?.type === "update";
}

/** The answer to a wait whose time is up. */
export function notReached(wait: Wait, state: string): ApiError {
  return new ApiError(
    408,
    `deadline_exceeded: machine failed to reach desired state, ${wait.states.join(",")}, currently ${state}`,
  );
}

/** An event that is no longer kept is older than all that are. */
function hasEventAfter(machine: Machine, id: string | null): boolean {
  return id === null || machine.events[0]?.id !== id;
}
