/** The worker's bindings and settings, read once into a complete, typed configuration. */

import { GUEST_SIZES } from "../core/guest.ts";
import { ORGANIZATION_LIMIT_MAX } from "../core/limits.ts";
import type { Guest } from "../core/run-spec.ts";
import type { RunDriver } from "./run-driver.ts";

/** What wrangler.toml binds, and the secrets. */
export interface Env {
  DB: D1Database;
  OUTPUT: R2Bucket;
  RUN_DRIVER: DurableObjectNamespace<RunDriver>;
  FLY_APP: string;
  FLY_API_BASE_URL: string;
  DEFAULT_REGION: string;
  DEFAULT_SIZE: string;
  CONCURRENCY_LIMIT: string;
  /** Secret: what callers of the API present. */
  MAYFLY_TOKEN: string;
  /** Secret: base64 of 32 random bytes; the keys for sessions and stored secrets derive from it. */
  ENCRYPTION_KEY: string;
  /** Secret, may be missing: keys that were ENCRYPTION_KEY before, separated by commas. They only open what is stored. */
  ENCRYPTION_KEYS_OLD?: string;
  /** Secret: what the Machines API is asked with. */
  FLY_API_TOKEN: string;
}

export interface Config {
  token: string;
  encryptionKey: string;
  oldEncryptionKeys: string[];
  fly: { app: string; baseUrl: string; token: string };
  defaultRegion: string | null;
  defaultGuest: Guest;
  organizationLimit: number | null;
}

/** Says what is missing or wrong in the deployment, for whoever deploys it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** @throws ConfigError naming every setting that is missing or wrong */
export function readConfig(env: Env): Config {
  const problems: string[] = [];
  const secret = (name: "MAYFLY_TOKEN" | "ENCRYPTION_KEY" | "FLY_API_TOKEN") => {
    if (!env[name]) problems.push(`the secret ${name} is not set (wrangler secret put ${name})`);
    return env[name];
  };
  const guest = GUEST_SIZES[env.DEFAULT_SIZE];
  if (!guest)
    problems.push(
      `DEFAULT_SIZE is "${env.DEFAULT_SIZE}"; possible are ${Object.keys(GUEST_SIZES).join(", ")}`,
    );
  if (!env.FLY_APP) problems.push("FLY_APP is not set: the Fly app in which machines are made");
  if (!URL.canParse(env.FLY_API_BASE_URL))
    problems.push(`FLY_API_BASE_URL is "${env.FLY_API_BASE_URL}", which is no URL`);
  if (env.ENCRYPTION_KEY && !isKey(env.ENCRYPTION_KEY))
    problems.push("ENCRYPTION_KEY is not 32 bytes in base64 (openssl rand -base64 32)");
  const oldEncryptionKeys = (env.ENCRYPTION_KEYS_OLD ?? "")
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "");
  if (!oldEncryptionKeys.every(isKey))
    problems.push("ENCRYPTION_KEYS_OLD is not a list of keys, separated by commas, each 32 bytes in base64");
  const limit = env.CONCURRENCY_LIMIT ?? "";
  if (limit !== "" && !isLimit(limit))
    problems.push(
      `CONCURRENCY_LIMIT is "${limit}"; possible are whole numbers from 1 to ${ORGANIZATION_LIMIT_MAX}, or "" for no limit`,
    );
  const config = {
    oldEncryptionKeys,
    token: secret("MAYFLY_TOKEN"),
    encryptionKey: secret("ENCRYPTION_KEY"),
    fly: { app: env.FLY_APP, baseUrl: env.FLY_API_BASE_URL, token: secret("FLY_API_TOKEN") },
    defaultRegion: env.DEFAULT_REGION || null,
    organizationLimit: limit === "" ? null : Number(limit),
  };
  if (problems.length > 0 || !guest) throw new ConfigError(problems.join("; "));
  return { ...config, defaultGuest: guest };
}

function isLimit(text: string): boolean {
  return /^\d{1,6}$/.test(text) && Number(text) >= 1 && Number(text) <= ORGANIZATION_LIMIT_MAX;
}

function isKey(text: string): boolean {
  try {
    return atob(text).length === 32;
  } catch {
    return false;
  }
}
