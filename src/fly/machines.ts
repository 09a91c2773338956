/** The flow's Machines on the Machines API: our words on one side, Fly's on the other. */

import { formatInHours } from "../core/duration.ts";
import {
  MACHINE_STATES,
  type Machine,
  type MachineConfig,
  type MachineEvent,
  type MachineExit,
  METADATA_DEPLOYMENT,
  METADATA_RUN,
} from "../core/machine.ts";
import type { SpecFile } from "../core/run-spec.ts";
import type { FlyPeriod } from "../core/schedule/schedule.ts";
import type {
  ActionResult,
  CreateResult,
  ExecResult,
  LookResult,
  Machines,
  StartResult,
  WaitResult,
} from "../flow/ports.ts";
import type { FlyClient } from "./client.ts";
import { FlyError } from "./error.ts";
import { createRefusal, startRefusal } from "./refusal.ts";
import type { WireCreateRequest, WireEvent, WireExitEvent, WireMachine } from "./wire.ts";

/** The calls of the client for runs' Machines, whoever makes them. */
export type FlyCalls = Pick<FlyClient, Exclude<keyof FlyClient, "updateMachine" | "listEvents">>;

/**
 * Machines of one Fly app. Failures that a caller can expect are values; anything else is thrown.
 * @param deployment the id that Machines made here carry, so that a sweep tells them from those of another Mayfly
 */
export function flyMachines(client: FlyCalls, deployment: () => Promise<string>): Machines {
  return {
    create: (name, config, files) =>
      outcome<CreateResult>(async () => {
        const metadata = { ...config.metadata, [METADATA_DEPLOYMENT]: await deployment() };
        const request = createRequest(name, { ...config, metadata }, files);
        return { kind: "created", machine: fromWire(await client.createMachine(request)) };
      }, createRefusal),
    find: (name, runId) =>
      outcome<LookResult>(async () => {
        const machines = await client.listMachines({ [METADATA_RUN]: runId }, true);
        const match = machines.find((machine) => machine.name === name);
        return match ? { kind: "found", machine: fromWire(match) } : { kind: "absent" };
      }, failedCall),
    get: (id) =>
      outcome<LookResult>(
        async () => ({ kind: "found", machine: fromWire(await client.getMachine(id)) }),
        (error) => (error.status === 404 ? { kind: "absent" } : failedCall(error)),
      ),
    wait: (id, state, timeoutMs, interrupt) =>
      outcome<WaitResult>(
        async () => {
          await client.waitForState(id, state, timeoutMs, interrupt);
          return { kind: "reached" };
        },
        (error) => {
          if (error.status === 408 || (error.kind === "unanswered" && timeoutMs < 1000))
            return { kind: "not_yet" };
          if (error.status !== 404) return failedCall(error);
          // A destroyed Machine is unknown to wait, which is what a wait for its end is for.
          return state === "destroyed" ? { kind: "reached" } : { kind: "gone" };
        },
      ),
    start: (id) =>
      outcome<StartResult>(async () => {
        await client.startMachine(id);
        return { kind: "done" };
      }, startRefusal),
    exec: (id, argv, timeoutS, interrupt) =>
      outcome<ExecResult>(
        async () => {
          const reply = await client.exec(id, argv, timeoutS, interrupt);
          return {
            kind: "ran",
            exitCode: reply.exit_code ?? 0,
            stdout: reply.stdout ?? "",
            stderr: reply.stderr ?? "",
          };
        },
        (error) => {
          if (error.status === 429) return { kind: "later" };
          return error.status === 412 || error.status === 404 ? { kind: "not_running" } : failedCall(error);
        },
      ),
    signal: (id, signal) => action(() => client.signalMachine(id, signal)),
    stop: (id, signal, timeoutMs) => action(() => client.stopMachine(id, signal, formatInHours(timeoutMs))),
    destroy: (id) => action(() => client.destroyMachine(id)),
  };
}

/** What a call comes to, where its failure is something to answer. */
export async function outcome<T>(call: () => Promise<T>, onError: (error: FlyError) => T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof FlyError) return onError(error);
    throw error;
  }
}

export function failedCall(error: FlyError): { kind: "failed"; error: string } {
  return { kind: "failed", error: error.message };
}

export function action(call: () => Promise<unknown>): Promise<ActionResult> {
  return outcome<ActionResult>(
    async () => {
      await call();
      return { kind: "done" };
    },
    (error) => (error.status === 404 ? { kind: "gone" } : failedCall(error)),
  );
}

/** @param period how often Fly starts it by itself; left out, never, and it destroys itself when it has ended */
export function createRequest(
  name: string,
  config: MachineConfig,
  files: SpecFile[],
  period?: FlyPeriod,
): WireCreateRequest {
  return {
    name,
    ...(config.region !== null && { region: config.region }),
    ...(config.startsAt !== undefined && { skip_launch: true }),
    config: {
      image: config.image,
      guest: { cpu_kind: config.guest.cpuKind, cpus: config.guest.cpus, memory_mb: config.guest.memoryMb },
      env: config.env,
      init: config.exec ? { exec: config.exec } : {},
      files: files.map((file) => ({ guest_path: file.path, raw_value: file.base64, mode: file.mode })),
      // Only a Machine that may stop can destroy itself, so nothing restarts it.
      auto_destroy: period === undefined,
      ...(period !== undefined && { schedule: period }),
      restart: { policy: "no" },
      stop_config: { signal: config.stop.signal, timeout: formatInHours(config.stop.timeoutMs) },
      metadata: config.metadata,
    },
  };
}

export function fromWire(wire: WireMachine): Machine {
  const created = wire.created_at ? Date.parse(wire.created_at) : Number.NaN;
  return {
    id: wire.id,
    name: wire.name,
    state: MACHINE_STATES.find((state) => state === wire.state) ?? "other",
    region: wire.region ?? null,
    createdAt: Number.isNaN(created) ? null : created,
    events: (wire.events ?? []).map(eventFromWire),
    metadata: wire.config?.metadata ?? {},
  };
}

export function eventFromWire(wire: WireEvent): MachineEvent {
  const exit = wire.request?.MonitorEvent?.exit_event ?? wire.request?.exit_event ?? null;
  return {
    type: wire.type,
    status: wire.status ?? "",
    source: wire.source ?? "",
    at: wire.timestamp,
    exit: exit && exitFromWire(exit),
  };
}

/** A zero exit code is left out on the wire, so in an exit event that is there a missing one is 0; -1 means no signal. */
function exitFromWire(wire: WireExitEvent): MachineExit {
  const at = wire.exited_at ? Date.parse(wire.exited_at) : Number.NaN;
  const signal = [wire.guest_signal, wire.signal].find((number) => number !== undefined && number > 0);
  return {
    code: wire.exit_code ?? 0,
    signal: signal ?? null,
    oomKilled: wire.oom_killed ?? false,
    requestedStop: wire.requested_stop ?? false,
    at: Number.isNaN(at) ? null : at,
  };
}
