/** All Machines of an app: what the sweep over them needs of the Machines API and of the database. */

import type { ListedMachine } from "../../core/machine.ts";
import type { RunClaim, UnknownWhy } from "../../core/reap.ts";
import type { ActionResult, LookResult } from "../ports.ts";

export type ListResult = { kind: "listed"; machines: ListedMachine[] } | { kind: "failed"; error: string };

/** The Machines of one app that this deployment has made, whichever runs they are of. */
export interface Fleet {
  app: string;
  /** All but the destroyed ones, as the API lists them: it may lag behind, and be empty by mistake. */
  list(): Promise<ListResult>;
  /** One of them by its own word. `foreign`: it does not say that this deployment has made it. */
  look(machineId: string): Promise<LookResult | { kind: "foreign" }>;
  /** Kills and removes, whatever it is doing. */
  destroy(machineId: string): Promise<ActionResult>;
}

/** A Machine that a sweep found to be nobody's. */
export interface Sighting {
  machineId: string;
  name: string;
  /** Null where the name tells of none. */
  runId: string | null;
  why: UnknownWhy;
  firstSeenAt: number;
  lastSeenAt: number;
  /** When it was last asked itself, or was to be; null where it never was. */
  lookedAt: number | null;
  /** When it was first told to go; null where it was not. */
  destroyAskedAt: number | null;
}

/** What the last sweep saw of an app, and of those of its Machines that it did not come to what the ones before it did. */
export interface FleetReport {
  app: string;
  sweptAt: number;
  /** When a sweep last found the app in the deployment's list, or a Machine of ours in it. */
  neededAt: number;
  known: number;
  unknown: number;
  /** Machines of nobody's that were destroyed, since there is a database. */
  reaped: number;
}

/** What the sweeps remember of each app's Machines, and what the runs say of them. */
export interface FleetStore {
  /** What is stored of these runs, by id; a run that does not exist has no entry. */
  claims(runIds: string[]): Promise<Map<string, RunClaim>>;
  /** The ids of schedules' Machines that are stored under these names, null where one's is not known yet; a name that is not stored has no entry. */
  scheduled(machineNames: string[]): Promise<Map<string, string | null>>;
  /** What earlier sweeps found. `cursor`: where the last one broke off, "" where it did not. */
  recall(app: string): Promise<{ cursor: string; sightings: Sighting[] }>;
  /**
   * Keeps what a sweep found, all or nothing. A sighting that is there keeps its first time, when it was told to go, and when it
   * was looked at unless this sweep did. `isNeeded`: the app is needed now, else since when it was.
   */
  remember(
    report: Omit<FleetReport, "reaped" | "neededAt"> & { isNeeded: boolean },
    change: { cursor: string; seen: Sighting[]; forgotten: string[] },
  ): Promise<void>;
  /** A Machine of a sighting is gone: counts it once, however often it was seen, and forgets the sighting. */
  recordReaped(app: string, machineId: string, at: number): Promise<void>;
  reports(): Promise<FleetReport[]>;
  /** Machines of nobody's that were destroyed since, of those that are remembered one by one. */
  reapedSince(at: number): Promise<number>;
}
