/** A real server on a free port, spoken to with fetch; every test file ends its own and checks that nothing is left. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { WireEvent, WireExecReply, WireExitEvent, WireMachine } from "../../src/fly/wire.ts";
import { type MachinesServerOptions, startMachinesServer } from "../../src/fly-local/server.ts";

export interface Reply<T> {
  status: number;
  body: T;
  headers: Headers;
}

export interface Api {
  url: string;
  call<T = { error: string }>(
    method: string,
    path: string,
    body?: unknown,
    init?: RequestInit,
  ): Promise<Reply<T>>;
  /** Creates a Machine that runs once and destroys itself, unless `config` says otherwise. */
  create(argv: string[], config?: object, more?: object): Promise<WireMachine>;
  get(id: string): Promise<WireMachine>;
  wait(
    id: string,
    state: string,
    timeoutS?: number,
  ): Promise<Reply<{ error?: string; state?: string; event_id?: string }>>;
  exec(id: string, command: string[], timeout?: number): Promise<Reply<WireExecReply & { error?: string }>>;
  /** Waits until it is destroyed; its exit event, or null where it has none. */
  exitOf(id: string): Promise<WireExitEvent | null>;
}

export const machines = "/v1/apps/test/machines";
/** A main process that lives until it is told not to. */
export const LIVES = ["sleep", "60"];

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export function stateDir(): string {
  const directory = mkdtempSync(join(tmpdir(), "fly-local-test-"));
  directories.push(directory);
  return directory;
}

export async function serve(options: Partial<MachinesServerOptions> = {}): Promise<Api> {
  const directory = options.stateDir ?? stateDir();
  const isContainer = options.isolation === "container";
  // On demand: most tests need no engine.
  if (isContainer) await (await import("./processes/containers.ts")).addTestImage(directory);
  const server = await startMachinesServer({
    port: 0,
    stateDir: directory,
    restartDelayMs: 5,
    images: isContainer ? "real" : "host",
    ...options,
  });
  afterAll(() => server.close());
  return api(server.url);
}

export function api(url: string): Api {
  const call: Api["call"] = async <T>(
    method: string,
    path: string,
    body?: unknown,
    init: RequestInit = {},
  ) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: "Bearer test", "content-type": "application/json" },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...init,
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return {
      status: response.status,
      body: (isJson ? JSON.parse(text) : text) as T,
      headers: response.headers,
    };
  };
  const get = async (id: string) => (await call<WireMachine>("GET", `${machines}/${id}`)).body;
  const wait: Api["wait"] = (id, state, timeoutS = 20) =>
    call("GET", `${machines}/${id}/wait?state=${state}&timeout=${timeoutS}`);
  return {
    url,
    call,
    get,
    wait,
    create: async (argv, config = {}, more = {}) => {
      const base = { image: "alpine", auto_destroy: true, restart: { policy: "no" }, init: { exec: argv } };
      const reply = await call<WireMachine & { error?: string }>("POST", machines, {
        config: { ...base, ...config },
        ...more,
      });
      if (reply.status !== 200) throw new Error(`create answered ${reply.status}: ${reply.body.error}`);
      return reply.body;
    },
    exec: (id, command, timeout) => call("POST", `${machines}/${id}/exec`, { command, timeout }),
    exitOf: async (id) => {
      await wait(id, "destroyed");
      return exitEvent(await get(id));
    },
  };
}

export function exitEvent(machine: WireMachine): WireExitEvent | null {
  return machine.events?.find((event) => event.type === "exit")?.request?.exit_event ?? null;
}

/** "destroy/destroyed/flyd" and so on, newest first. */
export function eventLines(events: WireEvent[] | null | undefined): string[] {
  return (events ?? []).map((event) => `${event.type}/${event.status}/${event.source}`);
}

/** Processes of this computer that carry the Machine's id in their environment. */
export function processesOf(id: string): number[] {
  return processesWith("environ", `FLY_MACHINE_ID=${id}`);
}

/** Processes whose environment or command line holds a text. */
export function processesWith(file: "environ" | "cmdline", text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, "latin1").includes(text);
      } catch {
        return false;
      }
    });
}
