/**
 * Whose Machine is it? Decided from its name and what is stored of its run. A Machine that belongs to no living attempt was
 * forgotten: its create was answered after its run was given up, or its run is in another database than this one.
 */

import { REAP_SEEN_BEFORE_MS, REAP_UNKNOWN_RUN_AGE_MS } from "./limits.ts";
import { isGone, type ListedMachine } from "./machine.ts";

/** What is stored of a run, as far as it tells which Machines are its own. */
export interface RunClaim {
  /** Something is left to do for it: the run is not final, or its Machine is not known to be gone. */
  open: boolean;
  /** Oldest first. */
  attempts: { number: number; machineId: string | null; releasedAt: number | null }[];
}

/**
 * Why a Machine is somebody's. `attempt_under_way`: the run's last attempt; `leaving`: it is being destroyed already; `schedule`: Fly starts it for a
 * schedule, which has it.
 */
export const KNOWN_WHYS = ["attempt_under_way", "leaving", "schedule"] as const;

/**
 * Why a Machine is nobody's.
 * - `run_is_over`: its run ended, and its Machine was known to be gone or never to have been.
 * - `attempt_is_over`: so did its attempt, and the run goes on with another.
 * - `other_machine`: its attempt has another Machine.
 * - `attempt_is_unknown`: its run has no such attempt.
 * - `run_is_unknown`: there is no such run, or its name tells of none.
 * - `schedule_is_unknown`: its name is that of a schedule's Machine, and there is no such schedule, or it has another.
 */
export const UNKNOWN_WHYS = [
  "run_is_over",
  "attempt_is_over",
  "other_machine",
  "attempt_is_unknown",
  "run_is_unknown",
  "schedule_is_unknown",
] as const;

export type UnknownWhy = (typeof UNKNOWN_WHYS)[number];

export type Verdict = { known: true; why: (typeof KNOWN_WHYS)[number] } | { known: false; why: UnknownWhy };

/**
 * Whose Machine it is.
 * @param attempt of its name; null where that tells of none
 * @param claim of its run, asked for after the Machine was listed: whoever asks for a Machine has stored its attempt before.
 *   Null where there is no such run
 */
export function judge(
  machine: Pick<ListedMachine, "id" | "state">,
  attempt: number | null,
  claim: RunClaim | null,
): Verdict {
  if (isGone(machine.state)) return { known: true, why: "leaving" };
  if (claim === null || attempt === null) return { known: false, why: "run_is_unknown" };
  if (!claim.open) return { known: false, why: "run_is_over" };
  const index = claim.attempts.findIndex(({ number }) => number === attempt);
  const its = claim.attempts[index];
  if (its === undefined) return { known: false, why: "attempt_is_unknown" };
  if (its.releasedAt !== null || index < claim.attempts.length - 1)
    return { known: false, why: "attempt_is_over" };
  // One that is being asked for, or whose creation is not recorded yet, is its attempt's.
  if (its.machineId !== null && its.machineId !== machine.id) return { known: false, why: "other_machine" };
  return { known: true, why: "attempt_under_way" };
}

/**
 * Whose a Machine is that has the name of a schedule's.
 * @param machineId of the one that is stored under the name, asked for after the Machine was listed: null where that is not known
 * yet, undefined where nothing is stored
 */
export function judgeScheduled(
  machine: Pick<ListedMachine, "id" | "state">,
  machineId: string | null | undefined,
): Verdict {
  if (isGone(machine.state)) return { known: true, why: "leaving" };
  return machineId === null || machineId === machine.id
    ? { known: true, why: "schedule" }
    : { known: false, why: "schedule_is_unknown" };
}

/**
 * Whether a Machine that is nobody's can be destroyed now.
 * @param seenAt when a sweep first found it to be so; null where none did before
 */
export function isReapable(
  why: UnknownWhy,
  machine: Pick<ListedMachine, "createdAt">,
  seenAt: number | null,
  nowMs: number,
): boolean {
  if (seenAt === null || nowMs - seenAt < REAP_SEEN_BEFORE_MS) return false;
  // The database that does not know the run, or the schedule, can be the wrong one.
  const isUnknown = why === "run_is_unknown" || why === "schedule_is_unknown";
  return !isUnknown || nowMs - (machine.createdAt ?? seenAt) >= REAP_UNKNOWN_RUN_AGE_MS;
}
