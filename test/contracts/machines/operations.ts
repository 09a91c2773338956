/**
 * Every operation that the suite may call, by the name that Fly's OpenAPI document gives it, with what its success looks like.
 * A refusal of any of them is in `schemas/error.ts`. Those below the line are not in the first document, but in that of 2026.
 */

import { z } from "zod";
import { app, createdApp, listAppsResponse } from "./schemas/app.ts";
import { execReply, nothing, ok, started, waited } from "./schemas/done.ts";
import { machineEvent } from "./schemas/event.ts";
import { leaseReleased, leaseReply } from "./schemas/lease.ts";
import {
  machine,
  machineSummary,
  machineVersion,
  memory,
  orgMachines,
  processStat,
  reclaimed,
} from "./schemas/machine.ts";
import { texts } from "./schemas/parts.ts";
import { secret, secretDeleted, secretList, secretSet, secretsSet } from "./schemas/secret.ts";
import { extended, snapshot, snapshotBegun, volume } from "./schemas/volume.ts";

interface Operation<T extends z.ZodType = z.ZodType> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** Status and body of its success. */
  readonly status: number;
  readonly body: T;
}

const to = <T extends z.ZodType>(
  method: Operation["method"],
  path: string,
  status: number,
  body: T,
): Operation<T> => ({ method, path, status, body });

const APP = "/apps/{app}";
const MACHINE = `${APP}/machines/{machine}`;
const VOLUME = `${APP}/volumes/{volume}`;

export const operations = {
  Apps_list: to("GET", "/apps", 200, listAppsResponse),
  Apps_create: to("POST", "/apps", 201, createdApp),
  Apps_show: to("GET", APP, 200, app),
  Apps_delete: to("DELETE", APP, 202, nothing),
  Machines_list: to("GET", `${APP}/machines`, 200, z.array(machine)),
  Machines_create: to("POST", `${APP}/machines`, 200, machine),
  Machines_show: to("GET", MACHINE, 200, machine),
  Machines_update: to("POST", MACHINE, 200, machine),
  Machines_delete: to("DELETE", MACHINE, 200, ok),
  Machines_cordon: to("POST", `${MACHINE}/cordon`, 200, ok),
  Machines_uncordon: to("POST", `${MACHINE}/uncordon`, 200, ok),
  Machines_list_events: to("GET", `${MACHINE}/events`, 200, z.array(machineEvent)),
  Machines_exec: to("POST", `${MACHINE}/exec`, 200, execReply),
  Machines_show_lease: to("GET", `${MACHINE}/lease`, 200, leaseReply),
  Machines_create_lease: to("POST", `${MACHINE}/lease`, 201, leaseReply),
  Machines_release_lease: to("DELETE", `${MACHINE}/lease`, 200, leaseReleased),
  Machines_show_metadata: to("GET", `${MACHINE}/metadata`, 200, texts),
  Machines_update_metadata: to("POST", `${MACHINE}/metadata/{key}`, 204, nothing),
  Machines_delete_metadata: to("DELETE", `${MACHINE}/metadata/{key}`, 204, nothing),
  Machines_list_processes: to("GET", `${MACHINE}/ps`, 200, z.array(processStat)),
  Machines_restart: to("POST", `${MACHINE}/restart`, 200, ok),
  Machines_signal: to("POST", `${MACHINE}/signal`, 200, ok),
  Machines_start: to("POST", `${MACHINE}/start`, 200, started),
  Machines_stop: to("POST", `${MACHINE}/stop`, 200, ok),
  Machines_list_versions: to("GET", `${MACHINE}/versions`, 200, z.array(machineVersion)),
  Machines_wait: to("GET", `${MACHINE}/wait`, 200, waited),
  Volumes_list: to("GET", `${APP}/volumes`, 200, z.array(volume)),
  Volumes_create: to("POST", `${APP}/volumes`, 200, volume),
  Volumes_get_by_id: to("GET", VOLUME, 200, volume),
  Volumes_update: to("PUT", VOLUME, 200, volume),
  Volume_delete: to("DELETE", VOLUME, 200, volume),
  Volumes_extend: to("PUT", `${VOLUME}/extend`, 200, extended),
  Volumes_list_snapshots: to("GET", `${VOLUME}/snapshots`, 200, z.array(snapshot)),
  createVolumeSnapshot: to("POST", `${VOLUME}/snapshots`, 200, snapshotBegun),
  /** The token as text. */
  Machines_get_OIDC_token: to("POST", "/tokens/oidc", 200, z.string().regex(/^[\w-]+\.[\w-]+\.[\w-]+$/)),

  // ---
  Machines_suspend: to("POST", `${MACHINE}/suspend`, 200, ok),
  Machines_get_memory: to("GET", `${MACHINE}/memory`, 200, memory),
  Machines_set_memory: to("PUT", `${MACHINE}/memory`, 200, memory),
  Machines_reclaim_memory: to("POST", `${MACHINE}/memory/reclaim`, 200, reclaimed),
  Machines_show_metadata_key: to(
    "GET",
    `${MACHINE}/metadata/{key}`,
    200,
    z.strictObject({ value: z.string() }),
  ),
  Machines_patch_metadata: to("PATCH", `${MACHINE}/metadata`, 204, nothing),
  Machines_list_summaries: to("GET", `${APP}/machines`, 200, z.array(machineSummary)),
  Machines_org_list: to("GET", "/orgs/{org}/machines", 200, orgMachines),
  Secrets_list: to("GET", `${APP}/secrets`, 200, secretList),
  Secrets_update: to("POST", `${APP}/secrets`, 200, secretsSet),
  Secret_get: to("GET", `${APP}/secrets/{secret}`, 200, secret),
  Secret_create: to("POST", `${APP}/secrets/{secret}`, 201, secretSet),
  Secret_delete: to("DELETE", `${APP}/secrets/{secret}`, 200, secretDeleted),
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof operations;
export type Answer<K extends OperationId> = z.infer<(typeof operations)[K]["body"]>;
