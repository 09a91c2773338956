/**
 * Parts of a config that this server keeps and shows and does not act on: it has no proxy, makes no checks and serves no names.
 * They are read as Fly's Go types read them (fly-go, machine_types.go): another type is refused, a field that is none falls
 * away, null is as good as nothing, and a duration comes back as Go writes it.
 */

import { z } from "zod";
import type { WireConfig } from "../../fly/wire.ts";
import { durationMs, formatDuration } from "../duration.ts";
import { invalid } from "../error.ts";

const text = z.string().nullish();
const texts = z.array(z.string()).nullish();
const whole = z.int().nullish();
const flag = z.boolean().nullish();
const list = <T extends z.ZodType>(element: T) => z.array(element).nullish();
const part = <T extends z.ZodRawShape>(shape: T) => z.object(shape).transform(withoutNulls);

const duration = z
  .unknown()
  .transform((value, context) => {
    if (value === undefined || value === null) return undefined;
    const ms = durationMs(value);
    if (ms !== null) return formatDuration(ms);
    context.addIssue(`${JSON.stringify(value)} is no duration such as "10s"`);
    return z.NEVER;
  })
  .optional();

const check = part({
  type: text,
  kind: text,
  port: whole,
  interval: duration,
  timeout: duration,
  grace_period: duration,
  method: text,
  path: text,
  protocol: text,
  headers: list(part({ name: text, values: texts })),
  tls_server_name: text,
  tls_skip_verify: flag,
});

const port = part({
  port: whole,
  start_port: whole,
  end_port: whole,
  handlers: texts,
  force_https: flag,
  http_options: part({
    compress: flag,
    h2_backend: flag,
    response: part({ headers: z.record(z.string(), z.unknown()).nullish(), pristine: flag }).nullish(),
    idle_timeout: whole,
    headers_read_timeout: whole,
    replay_cache: list(z.looseObject({})),
  }).nullish(),
  tls_options: part({ alpn: texts, versions: texts, default_self_signed: flag }).nullish(),
  proxy_proto_options: part({ version: text }).nullish(),
});

/** Answers have a boolean where the request said "off" or "stop" (fly-go, MachineAutostop). */
const autostop = z
  .union([z.boolean(), z.enum(["off", "stop", "suspend"])])
  .transform((value) => (value === "off" ? false : value === "stop" ? true : value));

const service = part({
  protocol: text,
  internal_port: whole,
  autostop: autostop.nullish(),
  autostart: flag,
  min_machines_running: whole,
  ports: list(port),
  checks: list(check),
  concurrency: part({ type: text, soft_limit: whole, hard_limit: whole }).nullish(),
  force_instance_key: text,
  force_instance_description: text,
});

const kept = z
  .object({
    services: list(service),
    checks: z.record(z.string(), check).nullish(),
    statics: list(
      part({ guest_path: z.string(), url_prefix: z.string(), tigris_bucket: text, index_document: text }),
    ),
    metrics: part({ port: whole, path: text, https: flag }).nullish(),
    dns: part({
      skip_registration: flag,
      nameservers: texts,
      searches: texts,
      options: list(part({ name: text, value: text })),
      dns_forward_rules: list(part({ basename: text, addr: text })),
      hostname: text,
      hostname_fqdn: text,
    }).nullish(),
    disable_machine_autostart: flag,
  })
  .transform(withoutNulls);

/** These parts as an answer shows them. @throws ApiError 400 that names the field */
export function readKept(config: WireConfig): Partial<WireConfig> {
  const parsed = kept.safeParse(config);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(`config.${issue?.path.join(".")}: ${issue?.message}`);
}

function withoutNulls(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}
