/** Apps: what Machines, volumes and secrets belong to (docs: Apps resource). */

import { createHash } from "node:crypto";
import { ApiError, invalid } from "../error.ts";
import type { Records } from "../records.ts";

export interface App {
  readonly name: string;
  readonly organization: string;
  readonly network: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** A name that was deleted is no app until somebody creates it again. */
  readonly isDeleted: boolean;
  readonly idempotencyKey: string | null;
}

/** The one organization of this computer; "personal" means it, too, as on Fly it means one's own. */
export const ORGANIZATION = "local";

const KIND = "app";
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export class Apps {
  readonly #records: Records;
  readonly #now: () => number;
  readonly #isStrict: boolean;
  readonly #apps = new Map<string, App>();

  /** @param isStrict an app is there only once it was created, as on Fly; otherwise any name is one from its first use on */
  constructor(records: Records, now: () => number, isStrict: boolean) {
    this.#records = records;
    this.#now = now;
    this.#isStrict = isStrict;
    for (const { key, facts } of records.all<App>(KIND)) this.#apps.set(key, facts);
  }

  /** @throws ApiError 404 where there is no such app, 422 where there could be none */
  get(name: string): App {
    const app = this.#apps.get(name);
    if (app?.isDeleted || (app === undefined && this.#isStrict))
      throw new ApiError(404, `Could not find App "${name}"`);
    if (app === undefined) checkName(name);
    return app ?? this.#made(name, ORGANIZATION, "default", null);
  }

  /** Remembers an app that something is made in. */
  use(name: string): void {
    if (!this.#apps.has(name)) this.#keep(this.get(name));
  }

  /**
   * @param facts.idempotencyKey whoever repeats a create with it gets the app that the first one made
   * @throws ApiError 422 where the name is taken or can not be one
   */
  create(facts: { name: string; organization: string; network: string; idempotencyKey: string | null }): App {
    const { name, idempotencyKey } = facts;
    checkName(name);
    const held = this.#apps.get(name);
    if (held !== undefined && !held.isDeleted) {
      if (idempotencyKey !== null && held.idempotencyKey === idempotencyKey) return held;
      throw new ApiError(422, "Validation failed: Name has already been taken", "name_taken");
    }
    const app = this.#made(name, organizationOf(facts.organization), facts.network, idempotencyKey);
    this.#keep(app);
    return app;
  }

  delete(name: string): void {
    this.#keep({ ...this.get(name), isDeleted: true });
  }

  /** Of this app or the one that had its name; the only one where there was none. */
  organizationOf(name: string): string {
    return this.#apps.get(name)?.organization ?? ORGANIZATION;
  }

  /** The organization by its own name. @throws ApiError 404 where it is none and has no apps */
  organization(slug: string): string {
    const own = organizationOf(slug);
    if (own !== ORGANIZATION && this.list(own).length === 0)
      throw new ApiError(404, `Could not find Organization "${slug}"`);
    return own;
  }

  /** Those of an organization, by name. */
  list(organization: string): App[] {
    return [...this.#apps.values()]
      .filter((app) => !app.isDeleted && app.organization === organizationOf(organization))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #made(name: string, organization: string, network: string, idempotencyKey: string | null): App {
    return { name, organization, network, createdAt: this.#now(), isDeleted: false, idempotencyKey };
  }

  #keep(app: App): void {
    this.#apps.set(app.name, app);
    this.#records.put(KIND, app.name, app.name, app);
  }
}

function checkName(name: string): void {
  if (!NAME.test(name))
    throw new ApiError(
      422,
      "Validation failed: Name may only contain numbers, lowercase letters and dashes, and is at most 63 characters long",
    );
}

function organizationOf(slug: string): string {
  return slug === "personal" ? ORGANIZATION : slug;
}

/** Reads a create's body: fly-go says `name`, the docs say `app_name`. */
export function readAppRequest(body: Record<string, unknown>): Parameters<Apps["create"]>[0] {
  const name = body.name || body.app_name;
  if (typeof name !== "string") throw invalid("name: the name of the app is expected");
  for (const key of ["org_slug", "network", "idempotency_key"])
    if (body[key] !== undefined && body[key] !== null && typeof body[key] !== "string")
      throw invalid(`${key}: a string is expected`);
  return {
    name,
    organization: (body.org_slug as string | undefined) || ORGANIZATION,
    network: (body.network as string | undefined) || "default",
    idempotencyKey: (body.idempotency_key as string | undefined) || null,
  };
}

/** A number that Fly gives each app and organization; here made of its name. */
export function numericId(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32LE(0) >>> 1;
}

/** An app of an answer (fly-go, flaps App). */
export function appToWire(app: App, counts: { machines: number; volumes: number }) {
  return {
    id: app.name,
    name: app.name,
    internal_numeric_id: numericId(app.name),
    status: counts.machines > 0 ? "deployed" : "pending",
    network: app.network,
    machine_count: counts.machines,
    volume_count: counts.volumes,
    organization: {
      name: app.organization,
      slug: app.organization,
      internal_numeric_id: numericId(app.organization),
    },
    cname_target: "",
    app_role: "",
  };
}
