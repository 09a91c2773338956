/** Secrets of apps: kept until they are deleted, put into the environment of Machines when these start (spec, Secrets). */

import { createHash } from "node:crypto";
import type { WireConfig } from "../../fly/wire.ts";
import { isBase64 } from "../base64.ts";
import { ApiError, invalid, precondition } from "../error.ts";
import type { Records } from "../records.ts";

export interface Secret {
  readonly name: string;
  readonly value: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

const KIND = "secret";
const VERSION = "secrets_version";
/** What the environment of a process can hold under a name of its own. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export class Secrets {
  readonly #records: Records;
  readonly #now: () => number;
  readonly #apps = new Map<string, Map<string, Secret>>();
  readonly #versions = new Map<string, number>();

  constructor(records: Records, now: () => number) {
    this.#records = records;
    this.#now = now;
    for (const { app, key, facts } of records.all<Secret>(KIND)) this.#of(app).set(key, facts);
    for (const { app, facts } of records.all<{ version: number }>(VERSION))
      this.#versions.set(app, facts.version);
  }

  /** By name. */
  list(app: string): Secret[] {
    return [...this.#of(app).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(app: string, name: string): Secret | null {
    return this.#of(app).get(name) ?? null;
  }

  /** Counts the changes of an app's secrets. */
  version(app: string): number {
    return this.#versions.get(app) ?? 0;
  }

  /** Sets all of these at once, and deletes those that are null. Returns the new version. */
  set(app: string, values: ReadonlyMap<string, string | null>): number {
    const now = this.#now();
    const secrets = this.#of(app);
    for (const [name, value] of values) {
      if (value === null) {
        secrets.delete(name);
        this.#records.remove(KIND, app, name);
        continue;
      }
      const secret = { name, value, createdAt: secrets.get(name)?.createdAt ?? now, updatedAt: now };
      secrets.set(name, secret);
      this.#records.put(KIND, app, name, secret);
    }
    const version = this.version(app) + 1;
    this.#versions.set(app, version);
    this.#records.put(VERSION, app, "", { version });
    return version;
  }

  /** What a Machine of the app gets. */
  env(app: string): Record<string, string> {
    return Object.fromEntries(this.list(app).map(({ name, value }) => [name, value]));
  }

  deleteAll(app: string): void {
    const names = this.list(app).map(({ name }) => name);
    if (names.length > 0) this.set(app, new Map(names.map((name) => [name, null])));
  }

  #of(app: string): Map<string, Secret> {
    const known = this.#apps.get(app);
    if (known !== undefined) return known;
    const made = new Map<string, Secret>();
    this.#apps.set(app, made);
    return made;
  }
}

/** @throws ApiError 400 where this can not be a secret */
export function checkSecret(name: string, value: unknown): asserts value is string {
  if (!NAME.test(name))
    throw invalid(`"${name}" can not name a secret: letters, digits and _ are accepted, and no digit first`);
  if (typeof value !== "string" || value.includes("\0"))
    throw invalid(`${name}: the value of a secret is a string without NUL`);
}

/** A create may ask for secrets that were set just before (fly-go, min_secrets_version). */
export function checkSecretsVersion(asked: unknown, has: number): void {
  if (typeof asked === "number" && asked > has)
    throw precondition(`secrets version ${asked} is not there yet, the newest is ${has}`);
}

/** @throws ApiError 400 where a file is to hold a secret that the app has not, or one that is not base64 */
export function checkSecretFiles(config: WireConfig, app: string, secrets: Secrets): void {
  for (const file of config.files ?? []) {
    if (!file.secret_name || file.raw_value !== undefined) continue;
    const secret = secrets.get(app, file.secret_name);
    const what = `config.files: secret_name "${file.secret_name}" of "${file.guest_path}"`;
    if (secret === null) throw invalid(`${what} is no secret of the app`);
    if (!isBase64(secret.value)) throw invalid(`${what} does not hold base64`);
  }
}

export function secretToWire(app: string, secret: Secret, isShown: boolean) {
  return {
    name: secret.name,
    digest: digest(app, secret),
    created_at: new Date(secret.createdAt).toISOString(),
    updated_at: new Date(secret.updatedAt).toISOString(),
    ...(isShown && { value: secret.value }),
  };
}

function digest(app: string, { name, value }: Secret): string {
  return createHash("sha256").update(`${app}\0${name}\0${value}`).digest("hex").slice(0, 16);
}

/** @throws ApiError 404 */
export function existing(secret: Secret | null, name: string): Secret {
  if (secret === null) throw new ApiError(404, `not_found: secret "${name}" not found`);
  return secret;
}
