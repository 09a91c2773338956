/** A whole Mayfly for stories: the local Machines server and the worker in wrangler's local mode, with a state of their own. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { EventListBody, OutputLine, RunBody, RunListBody } from "../../src/api/run-schema.ts";
import type { RunSpecInput } from "../../src/api/spec-schema.ts";
import { checkoutToRun, copyCheckout } from "./built-checkout.ts";
import { freePort } from "./free-port.ts";
import { migratedState } from "./migrated-state.ts";
import { eventually, type Spawned, start } from "./processes.ts";

const ROOT = join(import.meta.dirname, "../..");
const WORKER_MAIN = "src/cli/commands/start/worker-main.ts";
const TOKEN = "story-token";
/** No questions, and nothing asked of the network. */
const QUIET = {
  CI: "1",
  WRANGLER_SEND_METRICS: "false",
  NO_COLOR: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** A driver that was killed while it saw its machine gone is brought back by its alarm, which is half a minute off. */
const RELEASED_WITHIN_MS = 90_000;
const SWEEP_EVERY_MS = 5_000;
/** A computer that is busy with other tests takes its time to start a program. */
const STARTS_WITHIN_MS = 120_000;

export interface Stack {
  /** Of the worker that was started last. */
  readonly url: string;
  token: string;
  machinesUrl: string;
  folder: string;
  startWorker(): Promise<void>;
  /** kill -9 of the whole worker tree: wrangler, workerd and all. */
  killWorker(): Promise<void>;
  /**
   * Starts other code beside the worker, over the same state, and sends every call there from now on.
   * @param change of `/src/…` texts, so that it is other code
   * @returns what ends the worker that was there before, which goes on with what it has under way until then
   */
  deploy(change: {
    file: string;
    from: string;
    to: string;
  }): Promise<(signal: "SIGTERM" | "SIGKILL") => Promise<void>>;
  startMachines(): Promise<void>;
  killMachines(): Promise<void>;
  /** Fires the minute's cron. */
  fireCron(): Promise<void>;
  /** Makes what sweeps noted down of machines so much older, as if that time had passed since. */
  ageSightings(byMs: number): void;
  /** FLY_APPS of the next worker that is started. */
  useApps(names: string[]): void;
  call(path: string, init?: RequestInit): Promise<Response>;
  submit(spec: Partial<RunSpecInput>, headers?: Record<string, string>): Promise<RunBody>;
  run(id: string): Promise<RunBody>;
  /** The run once it is final. */
  final(id: string, withinMs?: number): Promise<RunBody>;
  /** The run once it has a status. */
  reaching(id: string, status: string): Promise<RunBody>;
  /** All events once one of a type is among them. */
  eventsUntil(id: string, type: string, withinMs?: number): Promise<EventListBody["events"]>;
  /** Follows the run live until a line of output is as told, or its end. */
  following(id: string, until: (line: OutputLine) => boolean): Promise<void>;
  /** Waits until every run is final and its machine known to be gone. */
  allReleased(): Promise<void>;
  output(id: string, stream: "stdout" | "stderr"): Promise<Uint8Array>;
  /** A fault in the local Machines API. */
  fault(fault: Record<string, unknown>): Promise<void>;
  clearFaults(): Promise<void>;
  machines(app?: string): Promise<{ id: string; name: string; state: string }[]>;
  machineCalls(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

/** Starts a stack. Whoever starts one closes it. */
export async function startStack(
  options: {
    isolation?: string;
    images?: "host" | "real";
    concurrencyLimit?: number;
    /** Fly's rate limits in the Machines API, and launches paced to them over these apps. */
    pacedOver?: string[];
    /** What stands before the Machines API: given its URL, the one at which the worker asks. */
    behind?: (machinesUrl: string) => Promise<string>;
  } = {},
): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-story-"));
  mkdirSync(join(folder, "logs"));
  const machinesPort = await freePort();
  let port = await freePort();
  const secrets = `MAYFLY_TOKEN=${TOKEN}\nENCRYPTION_KEY=dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE=\nFLY_API_TOKEN=local-story\n`;
  const isPaced = options.pacedOver !== undefined;
  let apps = options.pacedOver ?? ["mayfly-runs"];
  const persist = join(folder, "state");
  await migratedState(persist);
  let worker: Spawned | null = null;
  let machinesServer: Spawned | null = null;
  /** The checkout that the worker runs. */
  let code = checkoutToRun();
  let deploys = 0;
  const urlNow = () => `http://127.0.0.1:${port}`;
  const machinesUrl = `http://127.0.0.1:${machinesPort}`;
  const askedUrl = (await options.behind?.(machinesUrl)) ?? machinesUrl;
  const stack: Stack = {
    get url() {
      return urlNow();
    },
    token: TOKEN,
    machinesUrl,
    folder,
    async startWorker() {
      const url = urlNow();
      writeFileSync(join(folder, "secrets.env"), `${secrets}FLY_APPS=${apps.join(",")}\n`);
      const argv = [
        process.execPath,
        join(code, WORKER_MAIN),
        "--port",
        String(port),
        "--persist-to",
        persist,
        "--env-file",
        join(folder, "secrets.env"),
        "--machines-url",
        askedUrl,
        ...(isPaced ? [] : ["--launches-per-second", "0"]),
        ...(options.concurrencyLimit ? ["--concurrency-limit", String(options.concurrencyLimit)] : []),
      ];
      worker = start(argv, { logFile: join(folder, "logs/worker.log"), env: QUIET, cwd: code });
      await eventually(
        "the worker's start",
        async () => (await fetch(`${url}/healthz`)).ok,
        STARTS_WITHIN_MS,
      );
    },
    async deploy({ file, from, to }) {
      const before = worker;
      deploys += 1;
      const next = join(folder, `code-${deploys}`);
      copyCheckout(next);
      const text = readFileSync(join(next, file), "utf8");
      if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
      writeFileSync(join(next, file), text.replace(from, to));
      const [portBefore, portNext] = [port, await freePort()];
      [code, port] = [next, portNext];
      // Calls go to the old code until the new one answers.
      const started = stack.startWorker();
      port = portBefore;
      await started;
      port = portNext;
      return async (signal) => {
        await before?.end(signal);
      };
    },
    async killWorker() {
      await worker?.end("SIGKILL");
      worker = null;
    },
    async startMachines() {
      const argv = [
        process.execPath,
        join(ROOT, "src/fly-local/main.ts"),
        "--port",
        String(machinesPort),
        "--state",
        join(folder, "machines"),
        "--images",
        options.images ?? "host",
        ...(options.isolation ? ["--isolation", options.isolation] : []),
        ...(isPaced ? ["--rate-limits"] : []),
      ];
      machinesServer = start(argv, {
        logFile: join(folder, "logs/machines.log"),
        env: { MAYFLY_MACHINES_TOKEN: "local-story" },
      });
      await eventually(
        "the Machines server's start",
        async () => (await machinesFetch("/v1/apps/mayfly-runs/machines")).ok,
        STARTS_WITHIN_MS,
      );
    },
    async killMachines() {
      await machinesServer?.end("SIGKILL");
      machinesServer = null;
    },
    useApps(names) {
      apps = names;
    },
    async fireCron() {
      await fetch(`${urlNow()}/cdn-cgi/local/scheduled`);
    },
    ageSightings(byMs) {
      const database = new DatabaseSync(databaseIn(persist), { timeout: 10_000 });
      database.prepare("UPDATE machine_sightings SET first_seen_at = first_seen_at - ?").run(byMs);
      database.close();
    },
    call: (path, init = {}) =>
      fetch(`${urlNow()}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) },
      }),
    async submit(spec, headers = {}) {
      const body = JSON.stringify({ image: "debian:12", ...spec });
      const response = await stack.call("/v1/runs", { method: "POST", body, headers });
      if (!response.ok) throw new Error(`submit answered ${response.status}: ${await response.text()}`);
      return (await response.json()) as RunBody;
    },
    async run(id) {
      const response = await stack.call(`/v1/runs/${id}`);
      if (!response.ok) throw new Error(`show answered ${response.status}: ${await response.text()}`);
      return (await response.json()) as RunBody;
    },
    final: (id, withinMs = 60_000) =>
      eventually(
        `the end of ${id}`,
        async () => {
          const run = await stack.run(id);
          return run.settled_at !== null && run;
        },
        withinMs,
      ),
    reaching: (id, status) =>
      eventually(`${status} of ${id}`, async () => {
        const run = await stack.run(id);
        return run.status === status && run;
      }),
    eventsUntil: (id, type, withinMs) =>
      eventually(
        `${type} of ${id}`,
        async () => {
          const { events } = (await (await stack.call(`/v1/runs/${id}/events`)).json()) as EventListBody;
          return events.some((event) => event.type === type) && events;
        },
        withinMs,
      ),
    async following(id, until) {
      const stop = new AbortController();
      const response = await stack.call(`/v1/runs/${id}/output?follow=true`, {
        headers: { accept: "application/x-ndjson" },
        signal: stop.signal,
      });
      for await (const line of linesOf(response)) {
        const message = JSON.parse(line) as OutputLine & { end?: object };
        if (message.end || until(message)) break;
      }
      stop.abort();
    },
    async allReleased() {
      const { runs } = (await (await stack.call("/v1/runs?limit=200")).json()) as RunListBody;
      // As the worker's cron does each minute: a driver that was killed is brought back by the sweep.
      const sweeps = setInterval(() => void stack.fireCron().catch(() => undefined), SWEEP_EVERY_MS);
      try {
        await Promise.all(
          runs.map(({ id }) => stack.eventsUntil(id, "machine_released", RELEASED_WITHIN_MS)),
        );
      } finally {
        clearInterval(sweeps);
      }
    },
    async output(id, stream) {
      const response = await stack.call(`/v1/runs/${id}/output?stream=${stream}`);
      return new Uint8Array(await response.arrayBuffer());
    },
    async fault(fault) {
      const response = await machinesFetch("/_control/faults", {
        method: "POST",
        body: JSON.stringify(fault),
      });
      if (!response.ok) throw new Error(`the fault was refused: ${await response.text()}`);
    },
    async clearFaults() {
      await machinesFetch("/_control/faults", { method: "DELETE" });
    },
    async machines(app = apps[0]) {
      return (await machinesFetch(`/v1/apps/${app}/machines?include_deleted=true`)).json() as Promise<
        { id: string; name: string; state: string }[]
      >;
    },
    async machineCalls() {
      return (await machinesFetch("/_control/calls")).json() as Promise<Record<string, number>>;
    },
    async close() {
      await worker?.end("SIGKILL");
      await machinesServer?.end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const machinesFetch = (path: string, init: RequestInit = {}) =>
    fetch(`${machinesUrl}${path}`, {
      ...init,
      headers: { authorization: "Bearer local-story", "content-type": "application/json" },
    });
  try {
    await Promise.all([stack.startMachines(), stack.startWorker()]);
  } catch (error) {
    // Whoever asked for it has nothing to close.
    await stack.close();
    throw error;
  }
  return stack;
}

/** The database of a stack's worker, by the stack's folder. */
export function databaseOf(folder: string): string {
  return databaseIn(join(folder, "state"));
}

/** The worker's database among what workerd keeps. */
function databaseIn(persist: string): string {
  const folder = join(persist, "v3/d1/miniflare-D1DatabaseObject");
  const name = readdirSync(folder).find((each) => each.endsWith(".sqlite") && each !== "metadata.sqlite");
  if (name === undefined) throw new Error(`${folder} has no database`);
  return join(folder, name);
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  if (!response.body) return;
  for await (const part of response.body) {
    const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
