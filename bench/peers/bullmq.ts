/** BullMQ with Redis: one worker program that runs commands as its children, and a queue spoken to from here. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../test/support/free-port.ts";
import { eventually, type Spawned } from "../../test/support/processes.ts";
import type { Command, Engine, Outcome } from "./engine.ts";
import { load, versionOf } from "./packages.ts";
import { killAlone, killGroups, startPrograms } from "./programs.ts";
import { type Fsync, redisVersion, startRedis } from "./redis.ts";
import type { ShellResult } from "./run-shell.ts";

const WORKER = join(import.meta.dirname, "bullmq-worker.ts");
const QUEUE = "jobs";

interface Job {
  readonly id: string;
  readonly returnvalue: ShellResult;
  readonly failedReason: string;
  waitUntilFinished(events: object): Promise<ShellResult>;
}

interface Client {
  on(event: "error", hear: (error: Error) => void): void;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

interface Queue extends Client {
  add(name: string, data: { command: Command }): Promise<Job>;
  /** "unknown" of a job that it does not know. */
  getJobState(id: string): Promise<string>;
  getJob(id: string): Promise<Job | undefined>;
}

interface BullMq {
  Queue: new (name: string, options: object) => Queue;
  QueueEvents: new (name: string, options: object) => Client;
}

/** @param concurrency how many jobs the worker runs at once; @throws Error where Redis is missing */
export async function startBullMq(concurrency: number, fsync: Fsync): Promise<Engine> {
  const redis = await redisVersion();
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-bullmq-"));
  const programs = startPrograms(folder);
  const port = await freePort();
  const argv = [process.execPath, WORKER, QUEUE, String(port), String(concurrency)];
  let running: { redis: Spawned; worker: Spawned };
  let clients: { queue: Queue; events: Client };

  const start = async () => {
    const server = await startRedis(programs, folder, port, fsync);
    const worker = programs.start(`worker-${server.pid}`, argv, { NODE_ENV: "production" });
    await eventually("the BullMQ worker's start", async () => worker.log().includes("ready"));
    running = { redis: server, worker };
    const { Queue, QueueEvents } = load<BullMq>("bullmq");
    const options = { connection: { host: "127.0.0.1", port } };
    clients = { queue: new Queue(QUEUE, options), events: new QueueEvents(QUEUE, options) };
    for (const client of Object.values(clients)) {
      client.on("error", (error) => console.error(`BullMQ's client: ${error.message}`));
      await client.waitUntilReady();
    }
  };
  /** Before Redis goes: clients of a server that is gone go on asking for it. */
  const closeClients = () => Promise.all(Object.values(clients).map((client) => client.close()));

  await start();
  return {
    name: fsync === "always" ? "BullMQ, synced" : "BullMQ",
    settings:
      `BullMQ ${versionOf("bullmq")}, Redis ${redis} with appendonly yes and appendfsync ${fsync}; one worker of ` +
      `concurrency ${concurrency}; lockDuration and stalledInterval 30 s, maxStalledCount 1 (its defaults)`,
    deaths: [
      {
        of: "worker and Redis",
        kill: async () => {
          await closeClients();
          await killAlone(running.worker, running.redis);
        },
      },
      {
        of: "both, and the worker's children",
        kill: async () => {
          await closeClients();
          await killGroups(running.worker, running.redis);
        },
      },
    ],
    run: async (command) => {
      const job = await clients.queue.add("job", { command });
      return outcomeOf(await job.waitUntilFinished(clients.events));
    },
    submit: async (command) => (await clients.queue.add("job", { command })).id,
    outcome: async (id) => {
      const state = await clients.queue.getJobState(id);
      if (state !== "completed" && state !== "failed") return null;
      // Asked for after its state: a job holds what was stored when it was fetched.
      const job = await clients.queue.getJob(id);
      if (job === undefined) return null;
      if (state === "completed") return outcomeOf(job.returnvalue);
      return { ran: false, stdout: "", exitCode: null, reason: job.failedReason };
    },
    startAgain: start,
    close: async () => {
      await closeClients();
      await programs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function outcomeOf({ stdout, exitCode }: ShellResult): Outcome {
  return { ran: true, stdout, exitCode, reason: null };
}
