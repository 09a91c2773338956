/**
 * The life of a Machine as one pure function: Machine × change → Machine, with the event that Fly would record.
 * Event types, statuses and sources: docs, Machines resource (events), and the states in `machine.ts`.
 */

import type { WireEvent, WireExitEvent } from "../fly/wire.ts";
import type { ImageFacts } from "./images/images.ts";
import { EVENTS_MAX } from "./limits.ts";
import type { Machine, MachineState } from "./machine.ts";
import type { ProcessExit } from "./processes/level.ts";
import { recentRestarts, restartsAfter } from "./restart-policy.ts";

export type Change =
  | { kind: "launched"; by: "user" | "flyd" }
  | { kind: "started" }
  /** Its image is at hand. */
  | { kind: "image_had"; image: ImageFacts }
  /** Its image can not be had, or not be run. */
  | { kind: "launch_failed"; error: string }
  /** `skip_launch`: made, not started. */
  | { kind: "left_unlaunched" }
  | { kind: "stop_requested" }
  | { kind: "signalled"; signal: number }
  | { kind: "exited"; exit: ProcessExit }
  | { kind: "destroy_begun"; by: "user" | "flyd" }
  | { kind: "destroyed"; by: "user" | "flyd" }
  /** The computer went down under it: how its process ended is unknown. */
  | { kind: "lost" }
  | { kind: "metadata_set"; metadata: Record<string, string> };

/** When a change happens and the id that its event gets. */
export interface Moment {
  now: number;
  eventId: string;
}

const RUNNING: readonly MachineState[] = ["starting", "started", "stopping"];

/** @returns the Machine after the change, or null where the change is not possible in its state */
export function transition(machine: Machine, change: Change, moment: Moment): Machine | null {
  const { state } = machine;
  const to = (next: MachineState, more: Partial<Machine>, event: EventFacts | null): Machine => ({
    ...machine,
    ...more,
    state: next,
    updatedAt: moment.now,
    events:
      event === null ? machine.events : [recorded(event, moment), ...machine.events].slice(0, EVENTS_MAX),
  });
  switch (change.kind) {
    case "launched":
      if (state === "restarting" && change.by === "flyd") {
        const restartedAt = [...recentRestarts(machine, moment.now), moment.now];
        const restart = {
          type: "restart",
          status: "starting",
          source: "flyd",
          request: { restart_count: restartedAt.length },
        };
        return to("starting", { restartedAt }, restart);
      }
      if (state !== (change.by === "flyd" ? "created" : "stopped")) return null;
      return to(
        "starting",
        { restartedAt: [], stopRequested: false, signalSent: null },
        { type: "start", status: "starting", source: change.by },
      );
    case "started":
      return state === "starting"
        ? to("started", {}, { type: "start", status: "started", source: "flyd" })
        : null;
    case "image_had":
      return to(state, { image: change.image }, null);
    case "launch_failed":
      return state === "created" || state === "starting"
        ? to(
            "launch_failed",
            {},
            { type: "launch", status: "failed", source: "flyd", request: { error: change.error } },
          )
        : null;
    case "left_unlaunched":
      return state === "created" ? to("stopped", {}, null) : null;
    case "stop_requested":
      if (state === "created" || state === "restarting")
        return to("stopped", { stopRequested: true }, { type: "stop", status: "stopped", source: "user" });
      if (!RUNNING.includes(state)) return null;
      return to("stopping", { stopRequested: true }, { type: "stop", status: "stopping", source: "user" });
    case "signalled":
      return to(state, { signalSent: change.signal }, null);
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
        : to("stopped", {}, { type: "stop", status: "stopped", source: "flyd" });
    case "metadata_set":
      return to(state, { config: { ...machine.config, metadata: change.metadata } }, null);
  }
}

interface EventFacts {
  type: string;
  status: string;
  source: string;
  request?: WireEvent["request"];
}

function recorded(facts: EventFacts, moment: Moment): WireEvent {
  return { id: moment.eventId, ...facts, timestamp: moment.now };
}

type To = (next: MachineState, more: Partial<Machine>, event: EventFacts | null) => Machine;

function exited(machine: Machine, exit: ProcessExit, moment: Moment, to: To): Machine | null {
  const destroying = machine.state === "destroying";
  if (!destroying && !RUNNING.includes(machine.state)) return null;
  const requested = machine.stopRequested || isAnswerTo(exit, machine.signalSent);
  const restarting = !destroying && restartsAfter(machine, exit, requested, moment.now);
  const exit_event = exitEvent(exit, requested, restarting, moment.now);
  const request = { exit_event, restart_count: machine.restartedAt.length };
  const next = destroying ? "destroying" : restarting ? "restarting" : "stopped";
  return to(next, {}, { type: "exit", status: "stopped", source: "flyd", request });
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
    oom_killed: false,
    requested_stop: requested,
    restarting,
    exited_at: new Date(now).toISOString(),
  };
}
