/** A client of container registries, for what a pull needs (OCI distribution specification, pull). */

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Credentials } from "./credentials.ts";
import { checkDigest, DigestCheck, digestOf } from "./digest.ts";
import { asImageError, ImageError } from "./error.ts";
import { answered, readAll } from "./http.ts";
import { MANIFEST_TYPES } from "./manifest.ts";
import { authorization } from "./registry-auth.ts";

/** Names by which a registry on this computer is known, which needs no TLS: nobody can listen in. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/;

export class RegistryClient {
  readonly #registry: string;
  readonly #repository: string;
  readonly #credentials: Credentials | null;
  #authorization: Promise<string | null> = Promise.resolve(null);

  /** @param credentials for this registry; null asks as nobody */
  constructor(registry: string, repository: string, credentials: Credentials | null) {
    this.#registry = registry;
    this.#repository = repository;
    this.#credentials = credentials;
  }

  /** A manifest or an index. @param name a tag or a digest; a digest is checked */
  async manifest(name: string, signal: AbortSignal): Promise<{ text: string; digest: string }> {
    const response = await this.#get(`manifests/${name}`, signal, MANIFEST_TYPES.join(", "));
    const bytes = await readAll(response, "the manifest");
    if (name.includes(":")) checkDigest(bytes, name, "the manifest");
    return { text: bytes.toString("utf8"), digest: name.includes(":") ? name : digestOf(bytes) };
  }

  /** A small blob, such as a config. */
  async blob(digest: string, signal: AbortSignal): Promise<Buffer> {
    const bytes = await readAll(await this.#get(`blobs/${digest}`, signal), "the config");
    checkDigest(bytes, digest, "the config");
    return bytes;
  }

  /** Writes a blob into a file. @throws ImageError where it is another one, or larger or smaller than it should be */
  async download(
    { digest, size }: { digest: string; size: number },
    path: string,
    signal: AbortSignal,
    onBytes: (count: number) => void,
  ): Promise<void> {
    const what = `the blob ${digest.slice(0, 19)}`;
    const response = await this.#get(`blobs/${digest}`, signal);
    if (response.body === null) throw new ImageError(`${this.#registry} sent nothing for ${what}`);
    const check = new DigestCheck(digest, what);
    let left = size;
    const checked = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        left -= chunk.length;
        if (left < 0) throw new ImageError(`${what} is larger than the ${size} bytes that the manifest says`);
        check.update(chunk);
        onBytes(chunk.length);
        yield chunk;
      }
      if (left > 0) throw new ImageError(`${what} ended ${left} bytes before its end`);
      check.end();
    };
    try {
      await pipeline(response.body as AsyncIterable<Uint8Array>, checked, createWriteStream(path), {
        signal,
      });
    } catch (error) {
      throw asImageError(error, `${what} could not be read from ${this.#registry}`);
    }
  }

  async #get(path: string, signal: AbortSignal, accept = "*/*"): Promise<Response> {
    const url = `${LOOPBACK.test(this.#registry) ? "http" : "https"}://${this.#registry}/v2/${this.#repository}/${path}`;
    const before = this.#authorization;
    let response = await this.#fetch(url, signal, accept, await before);
    if (response.status === 401) {
      const challenge = response.headers.get("www-authenticate") ?? "";
      await response.body?.cancel();
      // One of several requests at a time asks for a token, and the others take it.
      if (this.#authorization === before) this.#authorization = this.#authorize(challenge, signal);
      response = await this.#fetch(url, signal, accept, await this.#authorization);
    }
    if (response.ok) return response;
    throw new ImageError(await refusal(response, this.#registry));
  }

  async #authorize(challenge: string, signal: AbortSignal): Promise<string | null> {
    return authorization(challenge, this.#registry, this.#repository, this.#credentials, signal);
  }

  async #fetch(
    url: string,
    signal: AbortSignal,
    accept: string,
    authorization: string | null,
  ): Promise<Response> {
    return answered(url, signal, { accept, ...(authorization !== null && { authorization }) });
  }
}

/** What a registry says of a refusal: `{"errors": [{"code", "message"}]}`. */
async function refusal(response: Response, registry: string): Promise<string> {
  const text = (await readAll(response, "the refusal").catch(() => Buffer.alloc(0))).toString("utf8");
  const { errors } = (jsonOrNull(text) ?? {}) as { errors?: { code?: unknown; message?: unknown }[] };
  const [first] = Array.isArray(errors) ? errors : [];
  const words = first ? `${first.code}: ${first.message}` : (STATUS[response.status] ?? "");
  return `${registry} answers ${response.status}${words && ` ${words.slice(0, 300)}`}`;
}

const STATUS: Record<number, string> = {
  401: "UNAUTHORIZED: authentication required",
  403: "DENIED: access to the image is denied",
  404: "MANIFEST_UNKNOWN: there is no such image",
  429: "TOOMANYREQUESTS: too many requests",
};

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
