/** Machine, ImageRef, CheckStatus, MachineVersion and ProcessStat. */

import { z } from "zod";
import { machineConfig } from "./config.ts";
import { machineEvent } from "./event.ts";
import { lease } from "./lease.ts";
import { hostStatus, texts, time } from "./parts.ts";

/** docs: Machine states and lifecycle. */
const state = z.enum([
  "created",
  "creating",
  "starting",
  "started",
  "stopping",
  "stopped",
  "restarting",
  "suspending",
  "suspended",
  "updating",
  "replacing",
  "replaced",
  "failed",
  "launch_failed",
  "destroying",
  "destroyed",
  "migrated",
]);

const imageRef = z.strictObject({
  registry: z.string(),
  repository: z.string(),
  tag: z.string().optional(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  labels: texts.nullish(),
});

const checkStatus = z.strictObject({
  name: z.string().optional(),
  status: z.string().optional(),
  output: z.string().optional(),
  updated_at: time.optional(),
});

/** What a list with `summary=true` has of a Machine, too. */
const summarized = {
  id: z.string().regex(/^[0-9a-z]{14,15}$/),
  name: z.string(),
  state,
  region: z.string(),
  image_ref: imageRef,
  instance_id: z.string().length(26),
  version: z.string().length(26).optional(),
  private_ip: z.string(),
  created_at: time,
  updated_at: time,
  cordoned: z.boolean().optional(),
  /** Only with `include_leases`. */
  lease: lease.optional(),
};

export const machine = z.strictObject({
  ...summarized,
  config: machineConfig,
  events: z.array(machineEvent),
  checks: z.array(checkStatus).nullish(),
  host_status: hostStatus,
  /** Only of a create or an update with `lease_ttl`. */
  nonce: z.string().optional(),
  incomplete_config: machineConfig.nullish(),
  containers: z.array(z.looseObject({ name: z.string(), state: z.string() })).nullish(),
});
export type Machine = z.infer<typeof machine>;

export const machineSummary = z.strictObject(summarized);

export const machineVersion = z.strictObject({ version: z.string().length(26), user_config: machineConfig });

/** Machines_org_list of the document of 2026. */
export const orgMachines = z.strictObject({
  machines: z.array(
    z.strictObject({
      id: summarized.id,
      name: z.string(),
      app_name: z.string(),
      state,
      region: z.string(),
      version: z.string().optional(),
      private_ip: z.string().optional(),
      created_at: time,
      updated_at: time,
      config: machineConfig.pick({ image: true, guest: true, metadata: true }).partial().optional(),
    }),
  ),
  next_cursor: z.string().optional(),
  last_machine_id: z.string().optional(),
  last_updated_at: time.optional(),
  error_regions: z.array(z.string()).nullish(),
});

/** ProcessStat with ListenSocket; the document leaves the units open. */
export const processStat = z.strictObject({
  pid: z.int(),
  stime: z.int(),
  rtime: z.int(),
  command: z.string(),
  directory: z.string(),
  cpu: z.int(),
  rss: z.int(),
  listen_sockets: z.array(z.strictObject({ proto: z.string(), address: z.string() })).nullable(),
});

/** Machines_get_memory, Machines_set_memory and Machines_reclaim_memory of the document of 2026. */
export const memory = z.strictObject({ available_mb: z.int(), limit_mb: z.int() });
export const reclaimed = z.strictObject({ actual_mb: z.int().nonnegative() });
