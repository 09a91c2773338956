/**
 * A client of the Machines API: one private `request`, one method per operation, answers parsed by `wire.ts`.
 * Nothing is repeated here; whether a repeat is safe is decided by who calls (`machines.ts`, `flow/`).
 */

import type { z } from "zod";
import { messageOf } from "../core/error.ts";
import { MACHINE_WAIT_MAX_MS, MACHINES_CALL_TIMEOUT_MS } from "../core/limits.ts";
import { FlyError } from "./error.ts";
import {
  type WireCreateRequest,
  type WireEvent,
  type WireExecReply,
  type WireMachine,
  wireError,
  wireEvents,
  wireExecReply,
  wireMachine,
  wireMachines,
  wireWaitReply,
} from "./wire.ts";

export interface FlyClientOptions {
  /** "https://api.machines.dev", or the local server's address. */
  baseUrl: string;
  app: string;
  token: string;
  fetch?: typeof fetch;
}

interface Call {
  method: "GET" | "POST" | "DELETE";
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  timeoutMs?: number;
  interrupt?: AbortSignal | undefined;
}

/** A wait's HTTP request outlives the wait that it asks for by this much. */
const WAIT_SLACK_MS = 5_000;
/** Longest part of an answer that is quoted in an error. */
const QUOTE_MAX_CHARS = 500;

export class FlyClient {
  readonly #base: string;
  readonly #token: string;
  readonly #fetch: typeof fetch;

  constructor(options: FlyClientOptions) {
    this.#base = `${options.baseUrl.replace(/\/+$/, "")}/v1/apps/${encodeURIComponent(options.app)}/machines`;
    this.#token = options.token;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** https://fly.io/docs/machines/api/machines-resource/#create-a-machine */
  createMachine(body: WireCreateRequest): Promise<WireMachine> {
    return this.#request(wireMachine, { method: "POST", path: "", body });
  }

  /**
   * Puts a new config in the place of the Machine's own.
   * https://fly.io/docs/machines/api/machines-resource/#update-a-machine
   */
  updateMachine(id: string, body: WireCreateRequest): Promise<WireMachine> {
    return this.#request(wireMachine, { method: "POST", path: `/${id}`, body });
  }

  /** Newest first, at most `limit`, of which Fly gives 50. */
  listEvents(id: string, limit: number): Promise<WireEvent[]> {
    return this.#request(wireEvents, {
      method: "GET",
      path: `/${id}/events`,
      query: { limit: String(limit) },
    });
  }

  getMachine(id: string): Promise<WireMachine> {
    return this.#request(wireMachine, { method: "GET", path: `/${id}` });
  }

  /** Machines with these metadata; destroyed ones too where asked. A summary leaves out config and events. */
  listMachines(
    metadata: Record<string, string>,
    includeDeleted: boolean,
    summary = false,
  ): Promise<WireMachine[]> {
    const query = Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value]),
    );
    if (includeDeleted) query.include_deleted = "true";
    if (summary) query.summary = "true";
    return this.#request(wireMachines, { method: "GET", path: "", query });
  }

  /** Answers once the Machine is in the state; 408 where it is not by then. Less than Fly's least second ends unanswered. */
  waitForState(id: string, state: string, timeoutMs: number, interrupt?: AbortSignal): Promise<unknown> {
    const seconds = Math.max(1, Math.floor(Math.min(MACHINE_WAIT_MAX_MS, timeoutMs) / 1000));
    return this.#request(wireWaitReply, {
      method: "GET",
      path: `/${id}/wait`,
      query: { state, timeout: String(seconds) },
      timeoutMs: timeoutMs < 1000 ? timeoutMs : seconds * 1000 + WAIT_SLACK_MS,
      interrupt,
    });
  }

  /** Starts a stopped Machine. It answers once that is under way, after some 2.5 s on Fly. */
  startMachine(id: string): Promise<unknown> {
    return this.#request(null, { method: "POST", path: `/${id}/start` });
  }

  /** Runs a command in a started Machine; `timeoutS` is Fly's own limit for it. */
  exec(id: string, command: string[], timeoutS: number, interrupt?: AbortSignal): Promise<WireExecReply> {
    return this.#request(wireExecReply, {
      method: "POST",
      path: `/${id}/exec`,
      body: { command, timeout: timeoutS },
      timeoutMs: timeoutS * 1000 + WAIT_SLACK_MS,
      interrupt,
    });
  }

  signalMachine(id: string, signal: string): Promise<unknown> {
    return this.#request(null, { method: "POST", path: `/${id}/signal`, body: { signal } });
  }

  /** @param timeout Go duration, such as "10s", between the signal and the kill */
  stopMachine(id: string, signal: string, timeout: string): Promise<unknown> {
    return this.#request(null, { method: "POST", path: `/${id}/stop`, body: { signal, timeout } });
  }

  /** Kills and removes the Machine, whatever it is doing. */
  destroyMachine(id: string): Promise<unknown> {
    return this.#request(null, { method: "DELETE", path: `/${id}`, query: { force: "true" } });
  }

  async #request<T>(schema: z.ZodType<T> | null, call: Call): Promise<T> {
    const query = call.query ? `?${new URLSearchParams(call.query)}` : "";
    const url = `${this.#base}${call.path}${query}`;
    const facts = { method: call.method, url, status: null, code: null, requestId: null };
    const timeout = AbortSignal.timeout(call.timeoutMs ?? MACHINES_CALL_TIMEOUT_MS);
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(url, {
        method: call.method,
        headers: {
          authorization: authorization(this.#token),
          ...(call.body !== undefined && { "content-type": "application/json" }),
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        signal: call.interrupt ? AbortSignal.any([timeout, call.interrupt]) : timeout,
      });
      text = await response.text();
    } catch (error) {
      const kind = isRefused(error) ? "unreachable" : "unanswered";
      throw new FlyError({ ...facts, kind, reply: messageOf(error) });
    }
    const answered = { ...facts, status: response.status, requestId: response.headers.get("fly-request-id") };
    if (!response.ok) throw new FlyError({ ...answered, kind: "answered", ...errorOf(text) });
    if (schema === null) return undefined as T;
    const parsed = schema.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    const problem = parsed.error.issues
      .map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`)
      .join("; ");
    throw new FlyError({
      ...answered,
      kind: "unreadable",
      reply: `the answer is not as documented: ${problem}`,
    });
  }
}

/** Macaroon tokens go under Fly's own scheme (fly-go `tokens/`), others as Bearer. */
function authorization(token: string): string {
  return /^fm(1r|1a|2)_/.test(token) ? `FlyV1 ${token}` : `Bearer ${token}`;
}

/** workerd and Node say in words alone that nobody listens; a wrong guess only costs a look-up before the next ask. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ECONNREFUSED";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fly's words and code; gateways answer plain text, lease errors carry `message`. */
function errorOf(text: string): { reply: string; code: string | null } {
  const parsed = wireError.safeParse(jsonOf(text));
  const reply = (parsed.success ? (parsed.data.message ?? parsed.data.error) : null) ?? text;
  return {
    reply: reply.slice(0, QUOTE_MAX_CHARS),
    code: parsed.success ? (parsed.data.status ?? null) : null,
  };
}
