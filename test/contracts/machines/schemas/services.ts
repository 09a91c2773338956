/** What of a config the proxy, its checks and metrics read: fly.MachineService and all that it is made of. */

import { z } from "zod";
import { duration, strings } from "./parts.ts";

/** fly.MachineCheck and fly.MachineHTTPHeader. */
export const check = z.strictObject({
  type: z.string().optional(),
  kind: z.string().optional(),
  port: z.int().optional(),
  interval: duration.optional(),
  timeout: duration.optional(),
  grace_period: duration.optional(),
  method: z.string().optional(),
  path: z.string().optional(),
  protocol: z.string().optional(),
  headers: z.array(z.strictObject({ name: z.string().optional(), values: strings.optional() })).optional(),
  tls_server_name: z.string().optional(),
  tls_skip_verify: z.boolean().optional(),
});

const httpOptions = z.strictObject({
  compress: z.boolean().optional(),
  h2_backend: z.boolean().optional(),
  response: z
    .strictObject({ headers: z.record(z.string(), z.unknown()).optional(), pristine: z.boolean().optional() })
    .optional(),
  idle_timeout: z.int().optional(),
  headers_read_timeout: z.int().optional(),
  replay_cache: z.array(z.looseObject({})).optional(),
});

const port = z.strictObject({
  port: z.int().optional(),
  start_port: z.int().optional(),
  end_port: z.int().optional(),
  handlers: strings.optional(),
  force_https: z.boolean().optional(),
  http_options: httpOptions.optional(),
  tls_options: z
    .strictObject({
      alpn: strings.optional(),
      versions: strings.optional(),
      default_self_signed: z.boolean().optional(),
    })
    .optional(),
  proxy_proto_options: z.strictObject({ version: z.string().optional() }).optional(),
});

export const service = z.strictObject({
  protocol: z.string().optional(),
  internal_port: z.int().optional(),
  /** The document says boolean; "suspend" comes as text (fly-go, MachineAutostop). */
  autostop: z.union([z.boolean(), z.literal("suspend")]).optional(),
  autostart: z.boolean().optional(),
  min_machines_running: z.int().optional(),
  ports: z.array(port).optional(),
  checks: z.array(check).optional(),
  concurrency: z
    .strictObject({
      type: z.string().optional(),
      soft_limit: z.int().optional(),
      hard_limit: z.int().optional(),
    })
    .optional(),
  /** Sent as null where there is none (fly-go has no omitempty on it). */
  force_instance_key: z.string().nullish(),
  force_instance_description: z.string().nullish(),
});

/** fly.Static */
export const staticFiles = z.strictObject({
  guest_path: z.string(),
  url_prefix: z.string(),
  tigris_bucket: z.string().optional(),
  index_document: z.string().optional(),
});

/** fly.MachineMetrics */
export const metrics = z.strictObject({
  port: z.int().optional(),
  path: z.string().optional(),
  https: z.boolean().optional(),
});
