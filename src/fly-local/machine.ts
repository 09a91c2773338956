/** A Machine as the server keeps it, and as the wire shows it. */

import type { WireConfig, WireEvent, WireMachine } from "../fly/wire.ts";
import { imageRef } from "./image.ts";
import type { ImageFacts } from "./images/images.ts";

/** Docs: Machine states and lifecycle. `stopped`, `failed` and `destroyed` last; each other one is left by itself. */
export type MachineState =
  /** Accepted; left by the launch that follows at once, or by `skip_launch` to stopped. */
  | "created"
  /** Its image can not be had; left by itself to destroyed. */
  | "launch_failed"
  /** Its first process is being made. */
  | "starting"
  /** Its main process runs; left when that ends. */
  | "started"
  /** A stop was asked for; the main process has not ended yet. */
  | "stopping"
  /** Its main process ended and the restart policy will start it again. */
  | "restarting"
  /** Ended, and can be started. */
  | "stopped"
  /** Its last processes are being killed. */
  | "destroying"
  | "destroyed";

export type Isolation = "sandbox" | "process";

export interface Machine {
  readonly id: string;
  readonly app: string;
  readonly name: string;
  readonly region: string;
  readonly state: MachineState;
  /** ULID of this version of the Machine; also its `version`. */
  readonly instanceId: string;
  readonly privateIp: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly isolation: Isolation;
  /** Newest first. */
  readonly events: readonly WireEvent[];
  /** Whether a stop or a destroy was asked for since the last start. */
  readonly stopRequested: boolean;
  /** The last signal that the signal call sent since the last start, by number. */
  readonly signalSent: number | null;
  /** Instants of the restarts by policy, epoch milliseconds, since somebody last started it. */
  readonly restartedAt: readonly number[];
  readonly config: WireConfig;
  /** Of its image, once that is at hand; null or absent where no image is used. */
  readonly image?: ImageFacts | null;
}

/** RFC 3339 in whole seconds, as Fly writes its own times. */
function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The Machine of an answer (docs: Machines resource). `isolation` is an addition of this server. */
export function toWire(machine: Machine): WireMachine {
  return {
    id: machine.id,
    name: machine.name,
    state: machine.state,
    region: machine.region,
    image_ref: { ...imageRef(machine.config.image), ...machine.image },
    instance_id: machine.instanceId,
    version: machine.instanceId,
    private_ip: machine.privateIp,
    created_at: instant(machine.createdAt),
    updated_at: instant(machine.updatedAt),
    config: machine.config,
    events: [...machine.events],
    cordoned: false,
    host_status: "ok",
    isolation: machine.isolation,
  };
}

/** A row of `summary=true`: without config, events and host_status (Fly's OpenAPI document). */
export function toSummary(machine: Machine): Omit<WireMachine, "config" | "events" | "host_status"> {
  const { config, events, host_status, ...rest } = toWire(machine);
  return rest;
}
