import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AttemptBody, OutputEnd, OutputLine, RunBody } from "../../../src/api/run-schema.ts";

/** One request as it came. */
export interface Seen {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: string;
}

export type Handler = (response: ServerResponse, seen: Seen) => void | Promise<void>;

/** A server that answers as it is told, call by call, and keeps what it was asked. */
export interface StubMayfly {
  url: string;
  seen: Seen[];
  /** Handlers of one call, used up in order; the last one stays. */
  on(call: string, ...handlers: Handler[]): void;
  close(): Promise<void>;
}

/** @param port 0 for any; that of one that is closed by now stands for its return */
export async function stubMayfly(port = 0): Promise<StubMayfly> {
  const handlers = new Map<string, Handler[]>();
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://stub");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const call = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    seen.push(call);
    const known = handlers.get(`${call.method} ${call.path}`);
    const handler = known && known.length > 1 ? known.shift() : known?.[0];
    if (handler) await handler(response, call);
    else problem(501, "unexpected", `the stub was asked ${call.method} ${call.path}`)(response, call);
  });
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    on: (call, ...list) => void handlers.set(call, list),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Handler {
  return (response) =>
    void response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify(body));
}

export function problem(status: number, code: string, message: string, path: string | null = null): Handler {
  return json({ error: { code, message, path, request_id: "req_1" } }, status);
}

/** The connection is cut without an answer. */
export const cut: Handler = (response) => void response.socket?.destroy();

export const RUN_ID = "run_01jd0k3v7c9q2m8w5x4y6z7a8b";

const AT = "2026-11-21T10:00:00.000Z";

export function anAttempt(changes: Partial<AttemptBody> = {}): AttemptBody {
  return {
    number: 1,
    machine_name: "mayfly-01jd0k3v7c9q2m8w5x4y6z7a8b-1",
    app: "mayfly-runs",
    machine_id: "82e6751f9773c7",
    machine: { cpu_kind: "shared", cpus: 1, memory_mb: 256 },
    asked_region: null,
    region: "ams",
    reason: null,
    limit: null,
    detail: null,
    output: null,
    steps: [],
    next: null,
    released_at: null,
    exit_code: null,
    signal: null,
    oom_killed: false,
    create_asked_at: AT,
    created_at: "2026-11-21T10:00:00.100Z",
    ready_at: null,
    image_ready_at: null,
    started_at: "2026-11-21T10:00:00.250Z",
    first_output_at: null,
    exited_at: null,
    settled_at: null,
    ...changes,
  };
}

export function aRun(changes: Partial<RunBody> = {}): RunBody {
  return {
    id: RUN_ID,
    name: null,
    tags: {},
    status: "queued",
    reason: null,
    limit: null,
    detail: null,
    exit_code: null,
    signal: null,
    oom_killed: false,
    image: "debian:12",
    command: ["echo", "hi"],
    script: null,
    checkout: null,
    steps: [],
    env: {},
    secrets: {},
    files: [],
    machine: { cpu_kind: "shared", cpus: 1, memory_mb: 256 },
    regions: [],
    timeouts: { queue: "1h", boot: "2m", run: "15m", stop: "10s" },
    retry: {
      attempts: 1,
      backoff: { initial: "2s", factor: 2, max: "5m", jitter: 0.2 },
      rules: [],
    },
    rerun_of: null,
    job: null,
    firing: null,
    delivery: null,
    upstream: null,
    downstream: [],
    starts_at: null,
    input: null,
    capture: "output",
    concurrency: null,
    priority: 0,
    expires: "1d",
    run_at: null,
    output: { stdout_bytes: 0, stderr_bytes: 0, dropped_bytes: 0, complete: false },
    accepted_at: AT,
    cancel_requested_at: null,
    superseded_by: null,
    settled_at: null,
    reruns: [],
    next_attempt: null,
    waiting: null,
    attempts: [],
    ...changes,
  };
}

/** A final run, by default one that succeeded. */
export function anEndedRun(changes: Partial<RunBody> = {}): RunBody {
  return aRun({
    status: "succeeded",
    exit_code: 0,
    output: { stdout_bytes: 0, stderr_bytes: 0, dropped_bytes: 0, complete: true },
    settled_at: "2026-11-21T10:00:01.500Z",
    attempts: [anAttempt()],
    ...changes,
  });
}

/** Output messages as the API sends them: text where it is UTF-8, base64 where not. */
export function outputEvent(seq: number, stream: "stdout" | "stderr", bytes: Uint8Array | string): string {
  const line: OutputLine = { attempt: 1, stream, offset: 0, time: AT };
  const whole: OutputLine =
    typeof bytes === "string"
      ? { ...line, text: bytes }
      : { ...line, base64: Buffer.from(bytes).toString("base64") };
  return `id: 1.${seq}\nevent: output\ndata: ${JSON.stringify(whole)}\n\n`;
}

export function endEvent(run: RunBody): string {
  const { id, status, reason, limit, exit_code, signal, oom_killed, detail, output } = run;
  const end: OutputEnd = { run_id: id, status, reason, limit, exit_code, signal, oom_killed, detail, output };
  return `event: end\ndata: ${JSON.stringify(end)}\n\n`;
}

/** A stream of events in the given pieces, each a packet of its own, then its end. */
export function events(...pieces: (string | Uint8Array)[]): Handler {
  return async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) {
      response.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
}

/** {@link events} whose connection then breaks. */
export function brokenEvents(...pieces: (string | Uint8Array)[]): Handler {
  return async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) await new Promise<void>((written) => response.write(piece, () => written()));
    await new Promise((resolve) => setTimeout(resolve, 20));
    response.socket?.destroy();
  };
}
