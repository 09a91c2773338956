/** The worker's bindings and settings, read once into a complete, typed configuration. */

import { GUEST_SIZES } from "../core/guest.ts";
import {
  APPS_MAX_COUNT,
  LAUNCHES_PER_SECOND_DEFAULT,
  LAUNCHES_PER_SECOND_MAX,
  LAUNCHES_PER_SECOND_MIN,
  ORGANIZATION_LIMIT_MAX,
} from "../core/limits.ts";
import type { Guest } from "../core/run-spec.ts";
import type { LaunchSettings } from "../flow/launches.ts";
import type { WebhookSettings } from "../webhooks/edge.ts";
import type { Notifier } from "./notifier.ts";
import type { RunDriver } from "./run-driver.ts";
import type { Timekeeper } from "./timekeeper.ts";

/** What wrangler.toml binds, and the secrets. */
export interface Env {
  DB: D1Database;
  OUTPUT: R2Bucket;
  RUN_DRIVER: DurableObjectNamespace<RunDriver>;
  TIMEKEEPER: DurableObjectNamespace<Timekeeper>;
  NOTIFIER: DurableObjectNamespace<Notifier>;
  /** Names, with commas between. */
  FLY_APPS: string;
  /** Not read any more. */
  FLY_APP?: string;
  LAUNCHES_PER_SECOND?: string;
  FLY_API_BASE_URL: string;
  DEFAULT_REGION: string;
  DEFAULT_SIZE: string;
  CONCURRENCY_LIMIT: string;
  /** "allow" where webhooks may lead to private addresses, and be http; "" where not. */
  WEBHOOK_PRIVATE_TARGETS?: string;
  /** Who is asked what a webhook's name stands for; "" for nobody. */
  DNS_OVER_HTTPS_URL?: string;
  /** Where others find this Mayfly, for links in what is told and the URLs of hooks; "" where nobody knows. */
  PUBLIC_URL?: string;
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
  fly: { baseUrl: string; token: string };
  launches: LaunchSettings;
  defaultRegion: string | null;
  defaultGuest: Guest;
  organizationLimit: number | null;
  webhooks: WebhookSettings;
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
  const [apps, launchesPerSecond] = [readApps(env), readPace(env.LAUNCHES_PER_SECOND)];
  for (const read of [apps, launchesPerSecond]) if ("problem" in read) problems.push(read.problem);
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
  const webhooks = readWebhookSettings(env, problems);
  const config = {
    oldEncryptionKeys,
    webhooks,
    token: secret("MAYFLY_TOKEN"),
    encryptionKey: secret("ENCRYPTION_KEY"),
    fly: { baseUrl: env.FLY_API_BASE_URL, token: secret("FLY_API_TOKEN") },
    defaultRegion: env.DEFAULT_REGION || null,
    organizationLimit: limit === "" ? null : Number(limit),
  };
  if (problems.length > 0 || !guest || "problem" in apps || "problem" in launchesPerSecond)
    throw new ConfigError(problems.join("; "));
  const launches = { apps: apps.value, perSecond: launchesPerSecond.value };
  return { ...config, launches, defaultGuest: guest };
}

/** A setting's value, or what is wrong with it. */
type Read<T> = { value: T } | { problem: string };

/** As Fly takes them: letters, digits and dashes. */
const APP_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function readApps({ FLY_APPS, FLY_APP }: Env): Read<LaunchSettings["apps"]> {
  // Which of the two would count, nobody could see.
  if (FLY_APP)
    return {
      problem: `FLY_APP is not read any more: put "${FLY_APP}" first in FLY_APPS, as runs under way are in it, and take FLY_APP out`,
    };
  const [first, ...others] = (FLY_APPS ?? "").split(",").map((name) => name.trim());
  if (!first)
    return { problem: "FLY_APPS is not set: the Fly apps in which machines are made, with commas between" };
  const names: LaunchSettings["apps"] = [first, ...others];
  const wrong = names.find((name) => !APP_NAME.test(name));
  if (wrong !== undefined)
    return {
      problem: `FLY_APPS names "${wrong}", which is no name of an app: lowercase letters, digits and dashes are, at most 63`,
    };
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return { problem: `FLY_APPS names "${twice}" twice` };
  if (names.length > APPS_MAX_COUNT)
    return { problem: `FLY_APPS names ${names.length} apps; possible are ${APPS_MAX_COUNT}` };
  return { value: names };
}

function readWebhookSettings(env: Env, problems: string[]): WebhookSettings {
  const { WEBHOOK_PRIVATE_TARGETS: targets = "", DNS_OVER_HTTPS_URL = "", PUBLIC_URL = "" } = env;
  if (targets !== "" && targets !== "allow")
    problems.push(
      `WEBHOOK_PRIVATE_TARGETS is "${targets}"; possible are "allow", and "" for public targets alone`,
    );
  const url = (name: string, text: string): string | null => {
    if (text === "") return null;
    const parsed = URL.canParse(text) ? new URL(text) : null;
    if (parsed === null || !["https:", "http:"].includes(parsed.protocol))
      problems.push(`${name} is "${text}", which is no http or https URL`);
    return text.replace(/\/+$/, "");
  };
  return {
    allowsPrivate: targets === "allow",
    dnsOverHttpsUrl: url("DNS_OVER_HTTPS_URL", DNS_OVER_HTTPS_URL),
    publicUrl: url("PUBLIC_URL", PUBLIC_URL),
  };
}

function readPace(text = String(LAUNCHES_PER_SECOND_DEFAULT)): Read<number> {
  const perSecond = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const isPossible =
    perSecond === 0 || (perSecond >= LAUNCHES_PER_SECOND_MIN && perSecond <= LAUNCHES_PER_SECOND_MAX);
  return isPossible
    ? { value: perSecond }
    : {
        problem: `LAUNCHES_PER_SECOND is "${text}"; possible are 0 for no pace, and ${LAUNCHES_PER_SECOND_MIN} to ${LAUNCHES_PER_SECOND_MAX}`,
      };
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
