/** What a create or an update asks for: checked, refused in words, and filled in the way Fly returns it. */

import { posix } from "node:path";
import { z } from "zod";
import { imageComplaint } from "../../core/image-reference.ts";
import { type WireConfig, wireCreateRequest } from "../../fly/wire.ts";
import { isBase64 } from "../base64.ts";
import { durationMs, formatDuration } from "../duration.ts";
import { ApiError, invalid, notImplemented } from "../error.ts";
import { LEASE_TTL_MAX_S } from "../limits.ts";
import type { Level } from "../processes/level.ts";
import { checkGuest, expandedGuest, GUEST_DEFAULT } from "./guest.ts";
import { fullImageName } from "./image.ts";
import { readKept } from "./kept-config.ts";
import { commandsOf, readProcesses } from "./processes.ts";
import { isSchedule, SCHEDULES } from "./schedule.ts";
import { stopSignal } from "./signals.ts";
import { readStandbys } from "./standbys.ts";

/** Parts of a config whose silent loss would change what the Machine is. */
const UNSUPPORTED = ["containers"];
const POLICIES = ["no", "on-failure", "always"];
/** Letters that a name can not have: they would be seen wrongly or not at all wherever it is shown. */
const UNNAMEABLE = /[\p{Cc}\p{Zl}\p{Zp}/]/u;
const NAME_MAX = 255;

/** What both bodies have; the real client's schema plus what the local server alone reads. */
const createRequest = wireCreateRequest.extend({
  lease_ttl: z.number().int().min(0).max(LEASE_TTL_MAX_S).optional(),
});
export type CreateRequest = z.infer<typeof createRequest>;

const updateRequest = createRequest.extend({ current_version: z.string().optional() });
export type UpdateRequest = z.infer<typeof updateRequest>;

/** Reads the body of a create. Throws a 400 that names the field. */
export function readCreateRequest(body: unknown): CreateRequest {
  return readRequest(createRequest, body);
}

/** Reads the body of an update. Throws a 400 that names the field. */
export function readUpdateRequest(body: unknown): UpdateRequest {
  return readRequest(updateRequest, body);
}

function readRequest<T extends CreateRequest>(schema: z.ZodType<T>, body: unknown): T {
  const given = withoutNulls(body) as { config?: unknown };
  const config = withoutNulls(given.config) as { guest?: unknown; size?: unknown } | undefined;
  // `size` beside a guest is what clients sent before there was one (Fly's OpenAPI document: deprecated).
  const guest = expandedGuest(config?.guest ?? (config?.size ? { size: config.size } : undefined));
  if (guest !== undefined) checkGuest(guest);
  const parsed = schema.safeParse({
    ...given,
    ...(config !== undefined && { config: { ...config, ...(guest !== undefined && { guest }) } }),
  });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${issue?.path.join(".") || "body"}: ${issue?.message}`);
  }
  const request = parsed.data;
  checkName(request.name ?? "");
  checkConfig(request.config);
  // The schema knows of three fields of a guest; it may have more, which answers show again.
  const filled = { ...request.config, ...readKept(request.config), ...(guest !== undefined && { guest }) };
  checkRoot(filled);
  return { ...request, config: filled };
}

/** Throws where the level can not put one of the config's files, or not be one of its users. */
export function refuseForLevel(config: WireConfig, level: Level): void {
  for (const file of config.files ?? []) {
    const refusal = level.fileRefusal(file.guest_path);
    if (refusal !== null) throw new ApiError(400, refusal);
  }
  if (level.userRefusal !== null && readProcesses(config).some(({ user }) => user))
    throw new ApiError(400, level.userRefusal);
}

/** The config as every answer shows it: defaults filled in, the image by its full name, durations as text. */
export function filledConfig(config: WireConfig): WireConfig {
  const { stop_config: stop } = config;
  return {
    ...config,
    init: config.init ?? {},
    image: fullImageName(config.image),
    guest: config.guest ?? GUEST_DEFAULT,
    restart: { ...config.restart, policy: config.restart?.policy ?? "on-failure" },
    dns: config.dns ?? {},
    ...(stop?.timeout !== undefined && {
      stop_config: { ...stop, timeout: formatDuration(durationMs(stop.timeout) ?? 0) },
    }),
  };
}

/** Some clients write what is absent as null. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value ?? undefined;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
}

function checkName(name: string): void {
  if (name.length > NAME_MAX || UNNAMEABLE.test(name))
    throw invalid(`name: up to ${NAME_MAX} letters without control characters and slashes are expected`);
}

function checkConfig(config: WireConfig): void {
  if (config.image.trim() === "") throw invalid("config.image: no image given");
  const complaint = imageComplaint(config.image);
  if (complaint !== null) throw invalid(`config.image: "${config.image}" ${complaint}`);
  if (Array.isArray(config.mounts) && config.mounts.length > 1)
    throw invalid("config.mounts: a machine has one volume at most");
  for (const key of UNSUPPORTED) {
    const value = config[key];
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0))
      throw notImplemented(`config.${key}`);
  }
  readStandbys(config);
  checkEnding(config);
  if (config.schedule && !isSchedule(config.schedule))
    throw invalid(`config.schedule: "${config.schedule}" is none of ${SCHEDULES.join(", ")}`);
  for (const [name, value] of Object.entries(config.env ?? {})) {
    if (name === "" || /[=\0]/.test(name))
      throw invalid(`config.env: ${JSON.stringify(name)} cannot name a variable`);
    if (value.includes("\0")) throw invalid(`config.env.${name}: a NUL cannot be in a variable`);
  }
  for (const file of config.files ?? []) checkFile(file);
  if (commandsOf(config, null).some((command) => command.some((word) => word.includes("\0"))))
    throw invalid("config.init: a NUL cannot be in a command's arguments");
}

/** A root here is fresh at each start, so one that is to be kept would be lost without a word. Fly takes its four modes as numbers, too. */
function checkRoot({ rootfs, guest }: WireConfig): void {
  const modes = {
    "config.rootfs.persist": (rootfs as { persist?: unknown } | null | undefined)?.persist,
    "config.guest.persist_rootfs": (guest as { persist_rootfs?: unknown } | undefined)?.persist_rootfs,
  };
  for (const [path, mode] of Object.entries(modes))
    if (![undefined, null, "", "never", 0].includes(mode as null)) throw notImplemented(`${path} "${mode}"`);
}

/** What decides on how it ends and whether it begins again. */
function checkEnding({ restart, stop_config: stop }: WireConfig): void {
  if (restart?.policy && !POLICIES.includes(restart.policy))
    throw invalid(`config.restart.policy: "${restart.policy}" is none of ${POLICIES.join(", ")}`);
  const retries = restart?.max_retries ?? 0;
  if (!Number.isInteger(retries) || retries < 0)
    throw invalid(`config.restart.max_retries: ${retries} is no whole number from 0 on`);
  if (stop?.signal && stopSignal(stop.signal) === null)
    throw invalid(`config.stop_config.signal: a stop sends no "${stop.signal}"`);
  if (stop?.timeout !== undefined && durationMs(stop.timeout) === null)
    throw invalid(`config.stop_config.timeout: "${stop.timeout}" is no duration such as "10s"`);
}

type File = NonNullable<WireConfig["files"]>[number];

function checkFile(file: File): void {
  const path = file.guest_path;
  if (!posix.isAbsolute(path) || posix.normalize(path) !== path || path.endsWith("/") || path.includes("\0"))
    throw invalid(`config.files: guest_path "${path}" is not the absolute path of a file`);
  if (file.raw_value === undefined && file.secret_name) return;
  if (file.raw_value === undefined) throw notImplemented(`config.files "${path}" without raw_value`);
  if (!isBase64(file.raw_value)) throw invalid(`config.files: raw_value of "${path}" is not base64`);
}
