/**
 * OpenID Connect tokens for Machines, signed with a key that is made at first use and kept with the state. Claims and
 * lifetime as Fly's (https://fly.io/docs/security/openid-connect/); the issuer is this server, which also publishes the
 * public key, so that only who trusts this computer accepts them.
 */

import { createHash, generateKeyPair, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { imageRef } from "../machines/image.ts";
import type { Machine } from "../machines/machine.ts";
import { numericId } from "./apps.ts";

/** RFC 7517, of an RSA key. */
interface PublicJwk {
  kty: string;
  n: string;
  e: string;
  kid: string;
  alg: "RS256";
  use: "sig";
}
type PrivateJwk = PublicJwk & JsonWebKey & { alg: "RS256" };

const KEY_BITS = 2048;
const LIFETIME_S = 600;
const OWNER_ONLY = 0o600;

export class Identity {
  readonly #path: string;
  readonly #now: () => number;
  #key: Promise<PrivateJwk> | null = null;

  /** @param path where the key is kept */
  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
  }

  /**
   * @param base the address under which whoever checks the token reaches this server
   * @param audience who the token is for; null: Fly's default, the organization
   */
  async token(
    machine: Machine,
    organization: string,
    base: string,
    audience: string | null,
  ): Promise<string> {
    const key = await this.#ownKey();
    const seconds = Math.floor(this.#now() / 1000);
    const image = { ...imageRef(machine.config.image), ...machine.image };
    const claims = {
      app_id: String(numericId(machine.app)),
      app_name: machine.app,
      aud: audience ?? `https://fly.io/${organization}`,
      exp: seconds + LIFETIME_S,
      iat: seconds,
      image: `${image.repository}:${image.tag}`,
      image_digest: image.digest,
      iss: issuer(base, organization),
      jti: randomUUID(),
      machine_id: machine.id,
      machine_name: machine.name,
      machine_version: machine.instanceId,
      nbf: seconds,
      org_id: String(numericId(organization)),
      org_name: organization,
      region: machine.region,
      sub: `${organization}:${machine.app}:${machine.name}`,
    };
    // Few servers ever sign one, and loading it would delay the start of all.
    const { sign } = await import("hono/jwt");
    return sign(claims, key as never, "RS256");
  }

  /** What `jwks_uri` answers (RFC 7517). */
  async keySet(): Promise<{ keys: PublicJwk[] }> {
    const { kty, n, e, kid, alg, use } = await this.#ownKey();
    return { keys: [{ kty, n, e, kid, alg, use }] };
  }

  #ownKey(): Promise<PrivateJwk> {
    this.#key ??= this.#readOrMake();
    return this.#key;
  }

  async #readOrMake(): Promise<PrivateJwk> {
    if (existsSync(this.#path)) return JSON.parse(readFileSync(this.#path, "utf8"));
    const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: KEY_BITS });
    const jwk = privateKey.export({ format: "jwk" }) as { kty: string; n: string; e: string };
    const kid = createHash("sha256").update(jwk.n).digest("base64url");
    const key: PrivateJwk = { ...jwk, kid, alg: "RS256", use: "sig" };
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(this.#path, JSON.stringify(key), { mode: OWNER_ONLY });
    return key;
  }
}

export function issuer(base: string, organization: string): string {
  return `${base}/oidc/${organization}`;
}

/** OpenID Connect Discovery 1.0. */
export function discovery(base: string, organization: string) {
  const own = issuer(base, organization);
  return {
    issuer: own,
    jwks_uri: `${own}/.well-known/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    claims_supported: CLAIMS,
  };
}

const CLAIMS = [
  "sub",
  "iss",
  "aud",
  "exp",
  "iat",
  "nbf",
  "jti",
  "app_id",
  "app_name",
  "image",
  "image_digest",
  "machine_id",
  "machine_name",
  "machine_version",
  "org_id",
  "org_name",
  "region",
];
