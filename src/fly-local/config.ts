/** What a create asks for: checked, refused in words, and filled in the way Fly returns it. */

import { posix } from "node:path";
import { type WireConfig, type WireCreateRequest, wireCreateRequest } from "../fly/wire.ts";
import { isBase64 } from "./base64.ts";
import { ApiError, invalid, notImplemented } from "./error.ts";
import { checkGuest, GUEST_DEFAULT } from "./guest.ts";
import { fullImageName } from "./image.ts";

/** Parts of a config whose silent loss would change what the Machine is. */
const UNSUPPORTED = ["containers", "processes", "schedule", "standbys"];
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

/** The command of a Machine: `init.exec` replaces all, else entrypoint and cmd (docs: Machine config, init). */
export function commandOf(config: WireConfig): string[] {
  const { exec, entrypoint, cmd } = config.init ?? {};
  return exec?.length ? exec : [...(entrypoint ?? []), ...(cmd ?? [])];
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
  for (const key of UNSUPPORTED) {
    const value = config[key];
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0))
      throw notImplemented(`config.${key}`);
  }
  if (config.restart?.policy && !POLICIES.includes(config.restart.policy))
    throw invalid(`config.restart.policy: "${config.restart.policy}" is none of ${POLICIES.join(", ")}`);
  for (const name of Object.keys(config.env ?? {}))
    if (name === "" || /[=\0]/.test(name)) throw invalid(`config.env: "${name}" cannot name a variable`);
  for (const file of config.files ?? []) checkFile(file);
  if (commandOf(config).length === 0)
    throw new ApiError(
      400,
      "no command: images are not used here, so init.exec, init.entrypoint or init.cmd must say what the machine runs",
    );
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
