/**
 * The life of a Machine as one pure function: Machine × change → Machine, with the event that Fly would record.
 * Event types, statuses and sources: docs, Machines resource (events), and the states in `machine.ts`.
 */

import type { WireConfig, WireEvent, WireExitEvent } from "../../fly/wire.ts";
import type { ImageFacts } from "../images/images.ts";
import { EVENTS_MAX } from "../limits.ts";
import type { ProcessExit } from "../processes/level.ts";
import type { Lease, Machine, MachineState } from "./machine.ts";
import { recentRestarts, restartsAfter } from "./restart-policy.ts";

export type Change =
  | { kind: "launched"; by: Launcher }
  | { kind: "started" }
  /** Its image is at hand. */
  | { kind: "image_had"; image: ImageFacts }
  /** Its image can not be had, or its first process not be made. */
  | { kind: "launch_failed"; error: string }
  /** `skip_launch`: made, not started. */
  | { kind: "left_unlaunched" }
  | { kind: "stop_requested" }
  | { kind: "restart_requested" }
  | { kind: "suspend_requested" }
  | { kind: "suspended" }
  /** A new version takes the place of this one, and is started if this one runs and `launches` says so. */
  | {
      kind: "update_begun";
      version: string;
      config: WireConfig;
      image: ImageFacts | null;
      launches: boolean;
    }
  /** Nothing of the old version runs any more. */
  | { kind: "replaced" }
  /** The host turned out to have no room for the new version: the old one is back, and does not run. */
  | { kind: "reverted"; to: Machine }
  | { kind: "cordoned"; cordoned: boolean }
  | { kind: "leased"; lease: Lease | null }
  /** Whether its next starts leave the app's secrets out. */
  | { kind: "secrets_chosen"; skips: boolean }
  | { kind: "signalled"; signal: number }
  | { kind: "memory_limited"; mb: number }
  | { kind: "exited"; exit: ProcessExit }
  | { kind: "destroy_begun"; by: "user" | "flyd" }
  | { kind: "destroyed"; by: "user" | "flyd" }
  /** The computer went down under it: how its process ended is unknown. */
  | { kind: "lost" }
  | { kind: "metadata_set"; metadata: Record<string, string> };

/**
 * `user` starts one that is stopped or suspended, `schedule` and what stands in for another one that is stopped, `flyd` one
 * that is created or restarting.
 */
export type Launcher = "user" | "flyd" | "schedule" | "standby";

/** When a change happens and the id that its event gets. */
export interface Moment {
  now: number;
  eventId: string;
}

const RUNNING: readonly MachineState[] = ["starting", "started", "stopping"];
/** Once in one of these it is more than an order to make a Machine. */
const SETTLED: readonly MachineState[] = ["started", "stopped"];
/** In these a process may end that nobody asked to. */
const WITH_PROCESSES: readonly MachineState[] = [...RUNNING, "suspending", "suspended"];
/** An update of these is started. */
const LAUNCHED: readonly MachineState[] = ["starting", "started", "restarting"];
const UPDATABLE: readonly MachineState[] = [...LAUNCHED, "stopping", "stopped", "suspending", "suspended"];

/** @returns the Machine after the change, or null where the change is not possible in its state */
export function transition(machine: Machine, change: Change, moment: Moment): Machine | null {
  const { state } = machine;
  const to = (next: MachineState, more: Partial<Machine>, event: EventFacts | null): Machine => ({
    ...machine,
    updatedAt: moment.now,
    events:
      event === null ? machine.events : [recorded(event, moment), ...machine.events].slice(0, EVENTS_MAX),
    ...more,
    ...(machine.isNew && SETTLED.includes(next) && { isNew: false }),
    state: next,
  });
  switch (change.kind) {
    case "launched":
      return launched(machine, change.by, moment, to);
    case "started":
      return state === "starting"
        ? to("started", {}, { type: "start", status: "started", source: "flyd" })
        : null;
    case "image_had":
      return to(state, { image: change.image }, null);
    case "launch_failed":
      return launchFailed(machine, change.error, to);
    case "left_unlaunched":
      return state === "created" ? to("stopped", {}, null) : null;
    case "stop_requested":
      return stopRequested(machine, to);
    case "restart_requested":
      if (!["starting", "started", "stopping", "suspended"].includes(state)) return null;
      return to(
        "restarting",
        { stopRequested: true, restart: "ending" },
        { type: "restart", status: "stopping", source: "user" },
      );
    case "suspend_requested":
      return state === "started"
        ? to("suspending", {}, { type: "suspend", status: "suspending", source: "user" })
        : null;
    case "suspended":
      return state === "suspending"
        ? to("suspended", {}, { type: "suspend", status: "suspended", source: "flyd" })
        : null;
    case "update_begun":
      if (!UPDATABLE.includes(state)) return null;
      return to(
        "replacing",
        {
          instanceId: change.version,
          config: change.config,
          image: change.image,
          relaunch: change.launches && LAUNCHED.includes(state),
          restart: null,
          followsSchedule: change.launches,
        },
        { type: "update", status: "replacing", source: "user" },
      );
    case "replaced":
      return replaced(machine, moment, to);
    case "reverted":
      return reverted(machine, change.to, to);
    case "cordoned":
      if (state === "destroyed" || machine.cordoned === change.cordoned) return null;
      return to(
        state,
        { cordoned: change.cordoned },
        { type: change.cordoned ? "cordon" : "uncordon", source: "user" },
      );
    case "leased":
      return { ...machine, lease: change.lease };
    case "secrets_chosen":
      return { ...machine, skipsSecrets: change.skips };
    case "signalled":
      return to(state, { signalSent: change.signal }, null);
    case "memory_limited":
      return WITH_PROCESSES.includes(state) ? to(state, { memoryLimitMb: change.mb }, null) : null;
    case "exited":
      return exited(machine, change.exit, moment, to);
    case "destroy_begun": {
      if (state === "destroyed" || state === "destroying") return null;
      const event = change.by === "user" ? { type: "destroy", status: "destroying", source: "user" } : null;
      return to("destroying", { stopRequested: machine.stopRequested || change.by === "user" }, event);
    }
    case "destroyed":
      return state === "destroying"
        ? to("destroyed", {}, { type: "destroy", status: "destroyed", source: change.by })
        : null;
    case "lost":
      if (state === "stopped" || state === "destroyed") return null;
      return machine.config.auto_destroy || state === "destroying"
        ? to("destroyed", {}, { type: "destroy", status: "destroyed", source: "flyd" })
        : to("stopped", { restart: null }, { type: "stop", status: "stopped", source: "flyd" });
    case "metadata_set":
      return to(state, { config: { ...machine.config, metadata: change.metadata } }, null);
  }
}

interface EventFacts {
  type: string;
  status?: string;
  source: string;
  request?: WireEvent["request"];
}

function recorded(facts: EventFacts, moment: Moment): WireEvent {
  return { id: moment.eventId, ...facts, timestamp: moment.now };
}

type To = (next: MachineState, more: Partial<Machine>, event: EventFacts | null) => Machine;

/** Of processes that are made anew. */
const FRESH: Partial<Machine> = { memoryLimitMb: null };
const UNASKED: Partial<Machine> = {
  ...FRESH,
  restartedAt: [],
  stopRequested: false,
  signalSent: null,
  restart: null,
};

function launched(machine: Machine, by: Launcher, moment: Moment, to: To): Machine | null {
  const { state } = machine;
  if (state === "restarting" && by === "flyd") {
    if (machine.restart === "ending") return null;
    if (machine.restart === "ended")
      return to("starting", UNASKED, { type: "restart", status: "starting", source: "user" });
    const restartedAt = [...recentRestarts(machine, moment.now), moment.now];
    const request = { restart_count: restartedAt.length };
    return to(
      "starting",
      { ...FRESH, restartedAt },
      { type: "restart", status: "starting", source: "flyd", request },
    );
  }
  const start = { type: "start", status: "starting", source: by === "user" ? "user" : "flyd" };
  if (state === "suspended" && by === "user") return to("starting", {}, start);
  if (state !== (by === "flyd" ? "created" : "stopped")) return null;
  return to("starting", { ...UNASKED, followsSchedule: true }, start);
}

/** What was just made is given up, as on Fly; what has been there before is kept, with its config and volume. */
function launchFailed(machine: Machine, error: string, to: To): Machine | null {
  const { state } = machine;
  const isRestartCall = state === "restarting" && machine.restart === "ending";
  if (!["created", "starting", "stopping"].includes(state) && !isRestartCall) return null;
  return to(
    machine.isNew ? "launch_failed" : "stopped",
    { restart: null },
    { type: "launch", status: "failed", source: "flyd", request: { error } },
  );
}

function stopRequested(machine: Machine, to: To): Machine | null {
  const { state } = machine;
  const asked = { stopRequested: true, restart: null };
  // The new version is put in place all the same, and left stopped.
  if (state === "replacing") return to(state, { relaunch: false }, null);
  const hasNoProcess = state === "created" || (state === "restarting" && machine.restart !== "ending");
  // What is frozen can not be asked for anything: it is thrown away.
  if (hasNoProcess || state === "suspended")
    return to("stopped", asked, { type: "stop", status: "stopped", source: "user" });
  if (!RUNNING.includes(state) && state !== "restarting" && state !== "suspending") return null;
  return to("stopping", asked, { type: "stop", status: "stopping", source: "user" });
}

/** A version that is launched begins with events of its own. */
function replaced(machine: Machine, moment: Moment, to: To): Machine | null {
  if (machine.state !== "replacing") return null;
  if (!machine.relaunch)
    return to("stopped", UNASKED, { type: "update", status: "replaced", source: "user" });
  const launch = recorded({ type: "launch", status: "created", source: "user" }, moment);
  return to("created", { ...UNASKED, relaunch: false, events: [launch] }, null);
}

/** Seen on Fly for Machines that did not run; one that did has ended for its new version by then. */
function reverted(machine: Machine, old: Machine, to: To): Machine | null {
  if (machine.state !== "replacing") return null;
  const { instanceId, config, image, followsSchedule, skipsSecrets = false } = old;
  return to(
    "stopped",
    { ...UNASKED, relaunch: false, instanceId, config, image, followsSchedule, skipsSecrets },
    { type: "revert", status: "stopped", source: "flyd" },
  );
}

function exited(machine: Machine, exit: ProcessExit, moment: Moment, to: To): Machine | null {
  const { state } = machine;
  const isRestartCall = state === "restarting" && machine.restart === "ending";
  const isLeaving = state === "destroying" || state === "replacing" || isRestartCall;
  if (!isLeaving && !WITH_PROCESSES.includes(state)) return null;
  const requested = machine.stopRequested || isAnswerTo(exit, machine.signalSent);
  const restarting = isRestartCall || (!isLeaving && restartsAfter(machine, exit, requested, moment.now));
  const exit_event = exitEvent(exit, requested, restarting, moment.now);
  const request = { exit_event, restart_count: machine.restartedAt.length };
  const next = isLeaving ? state : restarting ? "restarting" : "stopped";
  return to(
    next,
    { restart: isRestartCall ? "ended" : null },
    { type: "exit", status: "stopped", source: "flyd", request },
  );
}

/** Whether the process ended of the signal that the signal call sent, or with a shell's code for it. */
function isAnswerTo(exit: ProcessExit, signal: number | null): boolean {
  return signal !== null && (exit.signal === signal || exit.code === 128 + signal);
}

/**
 * A zero `exit_code` is left out; a death by signal is 128 + n with the signal in `guest_signal`, whereas a process that
 * returned 128 + n by itself has that in `guest_exit_code` and `guest_signal` -1.
 */
function exitEvent(exit: ProcessExit, requested: boolean, restarting: boolean, now: number): WireExitEvent {
  const code = exit.signal === null ? exit.code : 128 + exit.signal;
  return {
    ...(code !== 0 && { exit_code: code }),
    guest_exit_code: exit.signal === null ? exit.code : 0,
    guest_signal: exit.signal ?? -1,
    signal: -1,
    oom_killed: exit.oomKilled ?? false,
    requested_stop: requested,
    restarting,
    exited_at: new Date(now).toISOString(),
  };
}
