/**
 * The Machines API exactly as Fly spells it on the wire, for what Mayfly uses of it: the client parses answers with
 * these schemas and the local server makes its own from the same types. Unknown fields are kept out of decisions, not
 * refused. Sources: https://fly.io/docs/machines/api/machines-resource/ and Fly's OpenAPI document.
 */

import { z } from "zod";

/** A duration is a Go duration string ("10s") or an integer of nanoseconds (fly-go Duration). */
export const wireDuration = z.union([z.string(), z.number()]);

export const wireGuest = z.object({
  cpu_kind: z.enum(["shared", "performance"]),
  cpus: z.number(),
  memory_mb: z.number(),
});

export const wireFile = z.object({
  guest_path: z.string(),
  /** base64 */
  raw_value: z.string().optional(),
  /** In place of `raw_value`: the app's secret that holds it. */
  secret_name: z.string().nullish(),
  mode: z.number().optional(),
});

/** Texts by their names, of which "__proto__" is one like any other: `z.record` would lose it. */
export const wireTexts = z.unknown().transform((value, context): Record<string, string> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    context.addIssue("an object of strings is expected");
    return z.NEVER;
  }
  for (const [name, text] of Object.entries(value))
    if (typeof text !== "string")
      context.addIssue({ code: "custom", path: [name], message: "a string is expected" });
  return { ...value };
});

export const wireConfig = z.looseObject({
  image: z.string(),
  guest: wireGuest.optional(),
  env: wireTexts.optional(),
  init: z
    .looseObject({
      exec: z.array(z.string()).nullish(),
      entrypoint: z.array(z.string()).nullish(),
      cmd: z.array(z.string()).nullish(),
    })
    .optional(),
  files: z.array(wireFile).optional(),
  auto_destroy: z.boolean().optional(),
  restart: z.looseObject({ policy: z.string().optional(), max_retries: z.number().optional() }).optional(),
  stop_config: z.looseObject({ signal: z.string().optional(), timeout: wireDuration.optional() }).optional(),
  metadata: wireTexts.optional(),
});
export type WireConfig = z.infer<typeof wireConfig>;

/** A zero `exit_code` is left out on the wire (Go's omitempty); -1 means "no signal". */
export const wireExitEvent = z.looseObject({
  exit_code: z.number().optional(),
  guest_exit_code: z.number().optional(),
  guest_signal: z.number().optional(),
  signal: z.number().optional(),
  oom_killed: z.boolean().optional(),
  requested_stop: z.boolean().optional(),
  restarting: z.boolean().optional(),
  error: z.string().optional(),
  guest_error: z.string().optional(),
  /** RFC 3339 */
  exited_at: z.string().optional(),
});
export type WireExitEvent = z.infer<typeof wireExitEvent>;

export const wireEvent = z.looseObject({
  id: z.string().optional(),
  type: z.string(),
  status: z.string().optional(),
  source: z.string().optional(),
  /** Epoch milliseconds. */
  timestamp: z.number(),
  request: z
    .looseObject({
      exit_event: wireExitEvent.nullish(),
      MonitorEvent: z.looseObject({ exit_event: wireExitEvent.nullish() }).nullish(),
      restart_count: z.number().optional(),
    })
    .nullish(),
});
export type WireEvent = z.infer<typeof wireEvent>;

export const wireEvents = z.array(wireEvent);

export const wireMachine = z.looseObject({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  region: z.string().optional(),
  instance_id: z.string().optional(),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
  config: wireConfig.optional(),
  /** Newest first. */
  events: z.array(wireEvent).nullish(),
  host_status: z.string().optional(),
});
export type WireMachine = z.infer<typeof wireMachine>;

export const wireMachines = z.array(wireMachine);

export const wireCreateRequest = z.looseObject({
  name: z.string().optional(),
  region: z.string().optional(),
  config: wireConfig,
  skip_launch: z.boolean().optional(),
  skip_secrets: z.boolean().nullish(),
  min_secrets_version: z.number().nullish(),
});
export type WireCreateRequest = z.infer<typeof wireCreateRequest>;

export const wireExecRequest = z.looseObject({
  command: z.array(z.string()).optional(),
  /** Deprecated by Fly, still what fly-go sends: split into words like a shell does, but run by none. */
  cmd: z.string().optional(),
  stdin: z.string().optional(),
  /** Seconds. */
  timeout: z.number().optional(),
});

/** Answered with 200 also where the command failed; zero and empty fields may be left out. */
export const wireExecReply = z.looseObject({
  exit_code: z.number().optional(),
  exit_signal: z.number().optional(),
  stdout: z.string().nullish(),
  stderr: z.string().nullish(),
});
export type WireExecReply = z.infer<typeof wireExecReply>;

export const wireWaitReply = z.looseObject({
  ok: z.boolean().optional(),
  state: z.string().optional(),
  version: z.string().optional(),
  event_id: z.string().optional(),
});

/** `status` is a code ("insufficient_capacity"), absent on most errors; `message` is what lease errors carry instead of `error`. */
export const wireError = z.looseObject({
  error: z.string().optional(),
  message: z.string().optional(),
  status: z.string().optional(),
});
