/** A BullMQ worker as a program of its own: `bullmq-worker.ts QUEUE REDIS_PORT CONCURRENCY`. Says "ready" when it takes jobs. */

import type { Command } from "./engine.ts";
import { load } from "./packages.ts";
import { runShell } from "./run-shell.ts";

interface BullMq {
  Worker: new (
    queue: string,
    process: (job: { data: { command: Command } }) => Promise<unknown>,
    options: object,
  ) => { waitUntilReady(): Promise<unknown>; on(event: "error", hear: (error: Error) => void): void };
}

const [queue = "", port, concurrency] = process.argv.slice(2);
const { Worker } = load<BullMq>("bullmq");
const worker = new Worker(queue, ({ data }) => runShell(data.command), {
  connection: { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null },
  concurrency: Number(concurrency),
});
worker.on("error", (error) => console.error(error.message));
await worker.waitUntilReady();
console.log("ready");
