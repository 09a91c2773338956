/** A Machine as the server keeps it, and as the wire shows it. */

import type { WireConfig, WireEvent, WireMachine } from "../../fly/wire.ts";
import type { ImageFacts } from "../images/images.ts";
import { amountsOf } from "../processes/limits/amounts.ts";
import type { Enforcement } from "../processes/limits/limiter.ts";
import { GUEST_DEFAULT } from "./guest.ts";
import { imageRef } from "./image.ts";

/** Docs: Machine states and lifecycle. `stopped`, `suspended` and `destroyed` last; each other one is left by itself. */
export type MachineState =
  /** Accepted; left by the launch that follows at once, or by `skip_launch` to stopped. */
  | "created"
  /** Its first launch failed; left by itself to destroyed. */
  | "launch_failed"
  /** Its first process is being made; left to stopped where that fails, and it was started or stopped before. */
  | "starting"
  /** Its main process runs; left when that ends. */
  | "started"
  /** A stop was asked for; the main process has not ended yet. */
  | "stopping"
  /** Its main process ended, or is asked to, and will be started again: by the restart policy or by the restart call. */
  | "restarting"
  /** It has a new version; what ran of the old one is ending. */
  | "replacing"
  /** Its processes are being frozen. */
  | "suspending"
  /** Its processes are frozen, and go on when it is started. */
  | "suspended"
  /** Ended, and can be started. */
  | "stopped"
  /** Its last processes are being killed. */
  | "destroying"
  | "destroyed";

export type Isolation = "sandbox" | "process" | "container";

/** The exclusive right to change a Machine; whoever shows the nonce has it (docs: Machines resource, leases). */
export interface Lease {
  readonly nonce: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly owner: string;
  readonly description: string;
}

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
  /** It was neither started nor stopped yet: a launch that fails is the end of it. Absent: no. */
  readonly isNew?: boolean;
  /** What holds it to its size; null or absent for nothing. */
  readonly enforcement?: Enforcement | null;
  /** Newest first. */
  readonly events: readonly WireEvent[];
  /** Whether a stop or a destroy was asked for since the last start. */
  readonly stopRequested: boolean;
  /** The last signal that the signal call sent since the last start, by number. */
  readonly signalSent: number | null;
  /** Instants of the restarts by policy, epoch milliseconds, since somebody last started it. */
  readonly restartedAt: readonly number[];
  /** What the restart call waits for: that the process ends, then that it is started; null where none was called. */
  readonly restart: "ending" | "ended" | null;
  /** What the memory call has set for the processes that run, in MiB; null: what its size gives. */
  readonly memoryLimitMb: number | null;
  /** Whether the version that is being put in place is to be started. */
  readonly relaunch: boolean;
  /** The proxy sends it nothing (docs: cordon); there is none here, so it is only remembered. */
  readonly cordoned: boolean;
  readonly lease: Lease | null;
  /** Whether its schedule may start it: from its first launch on, and not where an update left it unlaunched. */
  readonly followsSchedule: boolean;
  /** Made with `skip_secrets`; absent: no. */
  readonly skipsSecrets?: boolean;
  readonly config: WireConfig;
  /** Of its image, once that is at hand; null where no image is used. */
  readonly image: ImageFacts | null;
}

/** What a Machine has before anything happened to it. */
export const UNTOUCHED = {
  stopRequested: false,
  signalSent: null,
  restartedAt: [],
  restart: null,
  memoryLimitMb: null,
  relaunch: false,
  cordoned: false,
  lease: null,
  followsSchedule: false,
  image: null,
} satisfies Partial<Machine>;

/** RFC 3339 in whole seconds, as Fly writes its own times. */
export function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The Machine of an answer (docs: Machines resource). `isolation` and `limits` are additions of this server. */
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
    cordoned: machine.cordoned,
    host_status: "ok",
    isolation: machine.isolation,
    limits: limitsOf(machine),
  };
}

/** The memory that it may use now, in MiB. */
export function memoryMbOf({ config, memoryLimitMb }: Machine): number {
  return memoryLimitMb ?? (config.guest ?? GUEST_DEFAULT).memory_mb;
}

/** What is in force of the Machine's size. */
function limitsOf(machine: Machine): object | null {
  const { enforcement, config } = machine;
  if (!enforcement) return null;
  const { by, kinds, pidsMax } = enforcement;
  const { cpus, pids } = amountsOf(config.guest, pidsMax);
  return {
    by,
    ...(kinds.includes("memory") && { memory_mb: memoryMbOf(machine) }),
    ...(kinds.includes("cpus") && { cpus }),
    ...(kinds.includes("pids") && { pids }),
  };
}

/** A row of the list of all apps' Machines (Fly's OpenAPI document of 2026, Machines_org_list). */
export function toOrgRow(machine: Machine, isSummary: boolean): Record<string, unknown> {
  const { id, name, state, region, version, private_ip, created_at, updated_at } = toWire(machine);
  const { image, guest, metadata } = machine.config;
  const row = { id, name, app_name: machine.app, state, region, version, private_ip, created_at, updated_at };
  return isSummary ? row : { ...row, config: { image, guest, metadata } };
}

/** A row of `summary=true`: without config, events and host_status (Fly's OpenAPI document). */
export function toSummary(machine: Machine): Omit<WireMachine, "config" | "events" | "host_status"> {
  const { config, events, host_status, ...rest } = toWire(machine);
  return rest;
}
