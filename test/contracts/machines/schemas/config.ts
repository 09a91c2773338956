/** fly.MachineConfig as an answer has it: what was asked for, with defaults filled in. */

import { z } from "zod";
import { duration, strings, texts } from "./parts.ts";
import { check, metrics, service, staticFiles } from "./services.ts";

const guest = z.strictObject({
  cpu_kind: z.string().optional(),
  cpus: z.int().optional(),
  memory_mb: z.int().optional(),
  max_memory_mb: z.int().optional(),
  gpu_kind: z.string().optional(),
  gpus: z.int().optional(),
  host_dedication_id: z.string().optional(),
  kernel_args: strings.optional(),
  persist_rootfs: z.string().optional(),
});

const init = z.strictObject({
  exec: strings.optional(),
  entrypoint: strings.optional(),
  cmd: strings.optional(),
  tty: z.boolean().optional(),
  swap_size_mb: z.int().optional(),
  kernel_args: strings.optional(),
});

/** fly.DNSConfig with fly.dnsForwardRule and fly.dnsOption. */
const dns = z.strictObject({
  skip_registration: z.boolean().optional(),
  nameservers: strings.optional(),
  searches: strings.optional(),
  options: z.array(z.strictObject({ name: z.string().optional(), value: z.string().optional() })).optional(),
  dns_forward_rules: z
    .array(z.strictObject({ basename: z.string().optional(), addr: z.string().optional() }))
    .optional(),
  hostname: z.string().optional(),
  hostname_fqdn: z.string().optional(),
});

const file = z.strictObject({
  guest_path: z.string().optional(),
  /** base64 */
  raw_value: z.string().optional(),
  secret_name: z.string().optional(),
  image_config: z.string().optional(),
  mode: z.int().optional(),
});

const mount = z.strictObject({
  volume: z.string().optional(),
  name: z.string().optional(),
  path: z.string().optional(),
  size_gb: z.int().optional(),
  encrypted: z.boolean().optional(),
  extend_threshold_percent: z.int().optional(),
  add_size_gb: z.int().optional(),
  add_size_percent: z.int().optional(),
  min_add_size_gb: z.int().optional(),
  size_gb_limit: z.int().optional(),
});

/** fly.MachineProcess with fly.EnvFrom and fly.MachineSecret. */
const process = z.strictObject({
  exec: strings.optional(),
  entrypoint: strings.optional(),
  cmd: strings.optional(),
  user: z.string().optional(),
  env: texts.optional(),
  env_from: z
    .array(
      z.strictObject({
        env_var: z.string(),
        field_ref: z.enum(["id", "version", "app_name", "private_ip", "region", "image"]).optional(),
      }),
    )
    .optional(),
  secrets: z.array(z.strictObject({ env_var: z.string(), name: z.string().optional() })).optional(),
  ignore_app_secrets: z.boolean().optional(),
});

export const machineConfig = z.strictObject({
  image: z.string(),
  init,
  guest: guest.optional(),
  env: texts.optional(),
  auto_destroy: z.boolean().optional(),
  restart: z
    .strictObject({
      policy: z.enum(["no", "always", "on-failure"]).optional(),
      max_retries: z.int().optional(),
    })
    .optional(),
  stop_config: z.strictObject({ signal: z.string().optional(), timeout: duration.optional() }).optional(),
  schedule: z.string().optional(),
  metadata: texts.optional(),
  files: z.array(file).optional(),
  mounts: z.array(mount).optional(),
  processes: z.array(process).optional(),
  checks: z.record(z.string(), check).optional(),
  services: z.array(service).optional(),
  statics: z.array(staticFiles).optional(),
  metrics: metrics.optional(),
  dns: dns.optional(),
  standbys: strings.optional(),
  size: z.string().optional(),
  disable_machine_autostart: z.boolean().optional(),
  // Of the document of 2026; these promises ask for none of them.
  containers: z.array(z.looseObject({})).optional(),
  volumes: z.array(z.looseObject({})).optional(),
  rootfs: z.strictObject({ persist: z.string().optional(), size_gb: z.int().optional() }).optional(),
});
