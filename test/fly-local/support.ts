/** A real server on a free port, spoken to with fetch; every test file ends its own, and fails where processes of it are left. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import type { WireEvent, WireExecReply, WireExitEvent, WireMachine } from "../../src/fly/wire.ts";
import { descendantsOf } from "../../src/fly-local/processes/tree.ts";
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

/** What a server that has ended leaves is gone by then, also where it was killed. */
const GONE_WITHIN_MS = 5_000;

const directories: string[] = [];
const ends = new Set<() => Promise<void>>();

/** Has something ended with the test file, and before it is looked for what is left. @returns what ends it earlier */
export function atEnd(close: () => Promise<void>): () => Promise<void> {
  const end = async () => {
    if (ends.delete(end)) await close();
  };
  ends.add(end);
  return end;
}

afterAll(async () => {
  await Promise.all([...ends].map((end) => end()));
  const giveUpAt = Date.now() + GONE_WITHIN_MS;
  while (descendantsOf(process.pid).length > 0 && Date.now() < giveUpAt)
    await new Promise((resolve) => setTimeout(resolve, 5));
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  expect(descendantsOf(process.pid).map(commandLineOf), "processes that are left").toEqual([]);
});

function commandLineOf(pid: number): string {
  try {
    return `${pid}: ${readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trimEnd()}`;
  } catch {
    return `${pid}`;
  }
}

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
  // With its describe, or, where a test itself has started it, with the file.
  afterAll(atEnd(() => server.close()));
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
