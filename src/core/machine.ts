/** The Machine of an attempt, in our own words; `fly/` translates to and from the Machines API. */

import type { Guest } from "./run-spec.ts";

/** Metadata keys that every Machine of ours carries, so that a sweep can tell whose it is. */
export const METADATA_RUN = "mayfly_run";
export const METADATA_ATTEMPT = "mayfly_attempt";
/** Of a Machine that Fly starts for a schedule: the schedule, and what the Machine was made of (`core/schedule/fly-machine.ts`). */
export const METADATA_SCHEDULE = "mayfly_schedule";
export const METADATA_PRINT = "mayfly_print";
/** Which Mayfly made it: several can share a Fly app, and none touches another's Machines. */
export const METADATA_DEPLOYMENT = "mayfly_deployment";

/**
 * What a Machine is made from: frozen in the attempt before the Machine is asked for. Its files are not in here but
 * made from the run's spec when it is asked for, so that they are stored once.
 */
export interface MachineConfig {
  image: string;
  guest: Guest;
  /** One of Fly's region expressions ("ams", "eu"); null leaves the choice to Fly. */
  region: string | null;
  env: Record<string, string>;
  /** Replaces the image's entrypoint and command; null runs the image as it is. */
  exec: string[] | null;
  stop: { signal: string; timeoutMs: number };
  metadata: Record<string, string>;
  /** Epoch milliseconds at which it is started, by a call of its own: until then it is made, and waits. Absent: it starts at once. */
  startsAt?: number;
  /**
   * Of an attempt that is one start, by Fly, of a schedule's Machine: the time of that start by the Machine's events. The Machine
   * is not the attempt's: it stays for the next start.
   */
  startedByFlyAt?: number;
}

/** Fly's machine states that decisions look at; every other is `other`. */
export const MACHINE_STATES = [
  "created",
  "starting",
  "started",
  "stopping",
  "stopped",
  "destroying",
  "destroyed",
  "failed",
  "other",
] as const;
export type MachineState = (typeof MACHINE_STATES)[number];

/** One entry of a Machine's own event list, kept beside ours. */
export interface MachineEvent {
  type: string;
  status: string;
  source: string;
  at: number;
  exit: MachineExit | null;
}

/** What Fly's exit event says. A missing exit code in it is 0; a missing exit event is unknown. */
export interface MachineExit {
  code: number;
  signal: number | null;
  oomKilled: boolean;
  requestedStop: boolean;
  at: number | null;
}

/** A Machine as the Machines API describes it. */
export interface Machine {
  id: string;
  name: string;
  state: MachineState;
  region: string | null;
  createdAt: number | null;
  /** Newest first, as Fly lists them. */
  events: MachineEvent[];
  metadata: Record<string, string>;
}

/** A Machine as a list shows it: without its config, of which a long list would have megabytes. */
export type ListedMachine = Pick<Machine, "id" | "name" | "state" | "region" | "createdAt">;

/** The Machine's last exit, or null where none is recorded, which is unknown and never 0. */
export function lastExit(machine: Machine): MachineExit | null {
  return machine.events.find((event) => event.exit !== null)?.exit ?? null;
}

/** When the Machine last became started by its own events, or null. */
export function lastStartedAt(machine: Machine): number | null {
  return machine.events.find((event) => event.type === "start" && event.status === "started")?.at ?? null;
}

/** True where it was made to be started later, and nobody has: of Fly's two states for that it is `stopped` once it can be started. */
export function isUnstarted({ state, events }: Machine): boolean {
  const wasStarted = events.some(({ type, exit }) => type === "start" || exit !== null);
  return (state === "created" || state === "stopped") && !wasStarted;
}

/**
 * When the Machine began to boot, or null where it has not yet: what lies before is the preparation of its image (Fly: launch/created,
 * then start/starting, then start/started).
 */
export function imageReadyAt(machine: Machine): number | null {
  return machine.events.find((event) => event.type === "start" && event.status === "starting")?.at ?? null;
}

/** True where Fly tells that it could not be launched, as of an image that can not be had or does not fit: another one could not either. */
export function hasFailedLaunch({ state, events }: Machine): boolean {
  return state === "failed" || events.some(({ type, status }) => type === "launch" && status === "failed");
}

/** True where the Machine is gone or on its way out and can not be asked anything more. */
export function isGone(state: MachineState): boolean {
  return state === "destroyed" || state === "destroying";
}
