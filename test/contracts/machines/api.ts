/**
 * Calls the Machines API under test with plain fetch. Every answer, a refusal too, goes through the schema of its operation
 * here: what has another type or lacks a field fails the promise that asked. A field that the schemas do not have fails it on
 * the local server; Fly may have more than its document, so there such fields are gathered, to be said in the end.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { type Answer, type OperationId, operations } from "./operations.ts";
import { Pace } from "./pace.ts";
import { errorResponse, leaseError } from "./schemas/error.ts";
import type { Target } from "./target.ts";

/** What a call asks for; what its path has no place for is not used. */
export interface Asked {
  /** Default: the target's. */
  app?: string;
  machine?: string;
  volume?: string;
  secret?: string;
  key?: string;
  org?: string;
  query?: Record<string, string | number | boolean>;
  /** Sent as JSON, or as it is where it is text. */
  body?: unknown;
  /** Of a lease. */
  nonce?: string;
  /** In place of the ordinary ones. */
  headers?: Record<string, string>;
}

export interface Refusal {
  readonly status: number;
  /** `error`, or `message` of what a lease refuses. */
  readonly text: string;
  /** The `status` of the body, "insufficient_capacity". */
  readonly code: string | undefined;
}

export type Reply<K extends OperationId> =
  | { readonly body: Answer<K>; readonly refusal: null }
  | { readonly body: null; readonly refusal: Refusal };

/** Fields of the local server that Fly does not have (docs/machines-api.md). */
const ADDED_LOCALLY = ["isolation", "limits"];
/** In front of the API, so that their refusals are plain text. */
const GATEWAY = [502, 503, 504];
/** Others may use the same token, so that even paced calls can be one too many. */
const TOO_MANY_TRIES = 6;

export class Api {
  readonly #target: Target;
  readonly #pace = new Pace();
  readonly called = new Set<OperationId>();
  /** "Machines_show: config.foo" */
  readonly unknownFields = new Set<string>();

  constructor(target: Target) {
    this.#target = target;
  }

  /** The body of a success. Throws where the call is refused. */
  async ok<K extends OperationId>(id: K, asked: Asked = {}): Promise<Answer<K>> {
    const { body, refusal } = await this.call(id, asked);
    if (refusal !== null) throw new Error(`${id} was refused with ${refusal.status}: ${refusal.text}`);
    return body;
  }

  /** The refusal. Throws where the call succeeds. */
  async refused(id: OperationId, asked: Asked = {}): Promise<Refusal> {
    const { refusal } = await this.call(id, asked);
    if (refusal === null) throw new Error(`${id} was not refused`);
    return refusal;
  }

  async call<K extends OperationId>(id: K, asked: Asked = {}): Promise<Reply<K>> {
    const { status, body: schema } = operations[id];
    const response = await this.#fetched(id, asked);
    const text = await response.text();
    if (GATEWAY.includes(response.status) && typeof read(response, text) === "string")
      return { body: null, refusal: { status: response.status, text, code: undefined } };
    if (!response.headers.get("fly-request-id"))
      throw new Error(`${id} answered ${response.status} without a fly-request-id`);
    if (response.status === status) {
      this.called.add(id);
      return { body: this.#parsed(id, schema, read(response, text)) as Answer<K>, refusal: null };
    }
    if (response.status < 400) throw new Error(`${id} answered ${response.status} in place of ${status}`);
    const body = read(response, text);
    if (typeof body !== "object" || body === null)
      throw new Error(`${id} answered ${response.status} without a JSON object: ${text.slice(0, 200)}`);
    if (!("error" in body) && "message" in body) {
      const { message, code } = this.#parsed(id, leaseError, body);
      return { body: null, refusal: { status: response.status, text: message, code } };
    }
    const { error, status: code } = this.#parsed(id, errorResponse, body);
    return { body: null, refusal: { status: response.status, text: error, code } };
  }

  async #fetched(id: OperationId, asked: Asked): Promise<Response> {
    const { method, path } = operations[id];
    const { isReal, token, app: ownApp } = this.#target;
    const places: Record<string, string | undefined> = { app: ownApp, ...strings(asked) };
    const url = new URL(
      this.#target.url + path.replace(/\{(\w+)\}/g, (_, place) => encodeURIComponent(places[place] ?? "")),
    );
    for (const [name, value] of Object.entries(asked.query ?? {})) url.searchParams.set(name, String(value));
    const { body } = asked;
    const init: RequestInit = {
      method,
      headers: asked.headers ?? {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(asked.nonce !== undefined && { "fly-machine-lease-nonce": asked.nonce }),
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    };
    for (let tries = 1; ; tries += 1) {
      const subject = asked.machine ?? places.app ?? "";
      // All of the metadata and one key of it may be counted as one action.
      const action = `${method} ${path.replace("/{key}", "")}`;
      if (isReal) await sleep(this.#pace.delayMs(action, subject, Date.now()));
      const response = await fetch(url, init);
      if (response.status !== 429 || !isReal || tries === TOO_MANY_TRIES) return response;
      await response.text();
      await sleep(1000 * tries);
    }
  }

  #parsed<T extends z.ZodType>(id: OperationId, schema: T, given: unknown): z.infer<T> {
    const first = schema.safeParse(given);
    if (first.success) return first.data;
    const body = structuredClone(given);
    for (const issue of first.error.issues)
      if (issue.code === "unrecognized_keys")
        for (const key of issue.keys) if (this.#isTolerated(id, issue.path, key)) drop(body, issue.path, key);
    const { success, data, error } = schema.safeParse(body);
    if (success) return data;
    const wrong = error.issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`);
    throw new Error(`${id} answered what its schema does not have: ${wrong.join("; ")}`);
  }

  #isTolerated(id: OperationId, path: readonly PropertyKey[], key: string): boolean {
    if (!this.#target.isReal) return ADDED_LOCALLY.includes(key);
    const place = [...path, key].filter((part) => typeof part !== "number").join(".");
    this.unknownFields.add(`${id}: ${place}`);
    return true;
  }
}

function strings(asked: Asked): Record<string, string> {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => typeof value === "string"));
}

function read(response: Response, text: string): unknown {
  if (!response.headers.get("content-type")?.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function drop(body: unknown, path: readonly PropertyKey[], key: string): void {
  let holder = body as Record<PropertyKey, unknown>;
  for (const part of path) holder = holder[part] as Record<PropertyKey, unknown>;
  delete holder[key];
}
