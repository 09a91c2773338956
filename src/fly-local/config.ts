/** What a create asks for: checked, refused in words, and filled in the way Fly returns it. */

import { posix } from "node:path";
import { imageComplaint } from "../core/image-reference.ts";
import { type WireConfig, type WireCreateRequest, wireCreateRequest } from "../fly/wire.ts";
import { invalid, notImplemented } from "./error.ts";
import { checkGuest, GUEST_DEFAULT } from "./guest.ts";
import { fullImageName } from "./image.ts";

/** Parts of a config whose silent loss would change what the Machine is. */
const UNSUPPORTED = ["containers", "processes", "mounts", "schedule", "standbys"];
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const POLICIES = ["no", "on-failure", "always"];

/** Reads the body of a create. Throws a 400 that names the field. */
export function readCreateRequest(body: unknown): WireCreateRequest {
  const config = (body as { config?: { guest?: unknown } } | null)?.config;
  if (config?.guest !== undefined && config.guest !== null) checkGuest(config.guest);
  const parsed = wireCreateRequest.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${issue?.path.join(".") || "body"}: ${issue?.message}`);
  }
  checkConfig(parsed.data.config);
  return parsed.data;
}

/**
 * The command of a Machine: `init.exec` replaces all, else `init.entrypoint` and `init.cmd`, each in place of the image's own
 * (docs: Machine config, init). Unlike in docker an entrypoint alone leaves the image's cmd as it is: Fly's documents say no more
 * than that either overrides its own.
 * @param image null where there is none
 */
export function commandOf(
  config: WireConfig,
  image: { entrypoint: readonly string[]; cmd: readonly string[] } | null,
): string[] {
  const { exec, entrypoint, cmd } = config.init ?? {};
  return exec?.length ? exec : [...(entrypoint ?? image?.entrypoint ?? []), ...(cmd ?? image?.cmd ?? [])];
}

/** The config as every answer shows it: defaults filled in, the image by its full name. */
export function filledConfig(config: WireConfig): WireConfig {
  return {
    ...config,
    init: config.init ?? {},
    image: fullImageName(config.image),
    guest: config.guest ?? GUEST_DEFAULT,
    restart: { ...config.restart, policy: config.restart?.policy ?? "on-failure" },
    dns: config.dns ?? {},
  };
}

function checkConfig(config: WireConfig): void {
  if (config.image.trim() === "") throw invalid("config.image: no image given");
  const complaint = imageComplaint(config.image);
  if (complaint !== null) throw invalid(`config.image: "${config.image}" ${complaint}`);
  for (const key of UNSUPPORTED) {
    const value = config[key];
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0))
      throw notImplemented(`config.${key}`);
  }
  if (config.restart?.policy && !POLICIES.includes(config.restart.policy))
    throw invalid(`config.restart.policy: "${config.restart.policy}" is none of ${POLICIES.join(", ")}`);
  for (const [name, value] of Object.entries(config.env ?? {})) {
    if (name === "" || /[=\0]/.test(name)) throw invalid(`config.env: "${name}" cannot name a variable`);
    if (value.includes("\0")) throw invalid(`config.env: the value of "${name}" has a NUL`);
  }
  for (const file of config.files ?? []) checkFile(file);
}

function checkFile(file: { guest_path: string; raw_value?: string | undefined }): void {
  const path = file.guest_path;
  if (!posix.isAbsolute(path) || posix.normalize(path) !== path || path.endsWith("/") || path.includes("\0"))
    throw invalid(`config.files: guest_path "${path}" is not the absolute path of a file`);
  if (file.raw_value === undefined) throw notImplemented(`config.files "${path}" without raw_value`);
  if (!BASE64.test(file.raw_value) || file.raw_value.length % 4 === 1)
    throw invalid(`config.files: raw_value of "${path}" is not base64`);
}
