/** Machines that Fly starts for schedules (`on: fly`): the calls of the Machines API for them, and what is stored of each. */

import type { MachineConfig, MachineEvent } from "../../core/machine.ts";
import type { SpecFile } from "../../core/run-spec.ts";
import type { FlyOrder } from "../../core/schedule/fly-machine.ts";
import type { FlyPeriod } from "../../core/schedule/schedule.ts";
import type { ScheduleKey } from "../../core/schedule/spec.ts";
import type { ActionResult, CreateResult, LookResult } from "../ports.ts";
import type { StoredSchedule } from "./schedules.ts";

/** What a Machine of a schedule is asked for with. */
export interface ScheduledMachineRequest {
  name: string;
  config: MachineConfig;
  files: SpecFile[];
  period: FlyPeriod;
}

/** Those of one app. */
export interface ScheduledMachines {
  /** Fly starts it at once, and then by its schedule. */
  create(request: ScheduledMachineRequest): Promise<CreateResult>;
  /** By name, of those that are not destroyed. */
  find(request: Pick<ScheduledMachineRequest, "name" | "config">): Promise<LookResult>;
  /** `foreign`: it does not say that this deployment has made it, as where its host is down and its config is not told. */
  look(machineId: string): Promise<LookResult | { kind: "foreign" }>;
  /** Newest first, as many as Fly gives; null where they can not be had. */
  events(machineId: string): Promise<MachineEvent[] | null>;
  /** Replaces all that it is made of. A stopped Machine stays stopped until its schedule starts it; region and name stay. */
  update(machineId: string, request: ScheduledMachineRequest): Promise<ActionResult>;
  destroy(machineId: string): Promise<ActionResult>;
}

/** The Machine of a schedule as it is stored, from before it is asked for until it is known to be destroyed. */
export interface FlyMachine extends ScheduleKey {
  /** Where it was asked for. */
  app: string;
  machineName: string;
  /** Null until it is known to exist, and again once it is gone. */
  machineId: string | null;
  /** What its starts are runs of. */
  order: FlyOrder;
  /** What it is being changed to; it is that once the Machine says so. Null: nothing. */
  next: FlyOrder | null;
  /** Epoch milliseconds of the last start that was noticed, by the Machine's events; 0 before the first. */
  seenTo: number;
  /** When it was last asked for, or seen to be gone. */
  askedAt: number;
  /** How often in a row it could not be had, or went away before it was started. */
  failures: number;
  /** What stands in the way, for people; null: nothing. */
  problem: string | null;
  /** Counts its changes: of two who change it at once one does. */
  revision: number;
}

/** A schedule of `on: fly` and its Machine; one of the two at least. */
export interface FlyPair {
  /** Null where it is gone. */
  schedule: StoredSchedule | null;
  machine: FlyMachine | null;
}

export interface FlyScheduleStore {
  /** All pairs in order, after one of them, at most `limit`. @param after `next` of the page before, "" for the first */
  page(after: string, limit: number): Promise<{ pairs: FlyPair[]; next: string }>;
  find(key: ScheduleKey): Promise<FlyMachine | null>;
  /** False where the schedule has one. */
  add(machine: FlyMachine): Promise<boolean>;
  /** @returns as it is then; null where it is not as it was seen, and nothing was changed */
  change(seen: FlyMachine, changes: Partial<FlyMachine>): Promise<FlyMachine | null>;
  /** Nothing where it is not as it was seen. */
  remove(seen: FlyMachine): Promise<void>;
  /** Adds to the ledger that nobody knows of starts within a stretch; twice is once. */
  recordGap(
    key: ScheduleKey,
    gap: { fromMs: number; throughMs: number; why: string },
    at: number,
  ): Promise<void>;
  /** Where a tick broke off, "" where it came to the end. */
  cursor(): Promise<string>;
  keepCursor(cursor: string, at: number): Promise<void>;
}
