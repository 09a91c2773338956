/**
 * The program that runs the worker in workerd on this computer, as `wrangler dev` does, but without what serves whoever writes
 * a worker: its debugger, which would give this worker's secrets to anybody who can reach a port, jobs too, and its watch over
 * the sources, which would change the worker under running jobs.
 *
 *   worker-main.ts --port N --persist-to DIRECTORY --env-file FILE --machines-url URL [--launches-per-second N]
 *     [--concurrency-limit N]
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { unstable_startWorker } from "wrangler";
import { CHECKOUT } from "./places.ts";
import { freePort, HOST } from "./ports.ts";
import { webhookSettings } from "./webhook-settings.ts";

const text = { type: "string", default: "" } as const;
const { values } = parseArgs({
  options: {
    port: text,
    "persist-to": text,
    "env-file": text,
    "machines-url": text,
    "concurrency-limit": text,
    "launches-per-second": { type: "string" },
  },
});

// A trace of each call, kept in a database that only grows, takes a quarter of the worker's time; and the explorer shows what is
// stored to whoever can reach the port, without a token (releases of wrangler 4.114 and 4.118).
process.env.X_LOCAL_OBSERVABILITY = "false";
process.env.X_LOCAL_EXPLORER = "false";

// Wrangler waits without a word for a port that another program has.
await freePort(Number(values.port), "--port").catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});

const perSecond = values["launches-per-second"];
const worker = await unstable_startWorker({
  config: join(CHECKOUT, "wrangler.toml"),
  envFiles: [values["env-file"]],
  bindings: {
    FLY_API_BASE_URL: { type: "plain_text", value: values["machines-url"] },
    CONCURRENCY_LIMIT: { type: "plain_text", value: values["concurrency-limit"] },
    ...Object.fromEntries(
      Object.entries(webhookSettings(values["env-file"], `http://${HOST}:${values.port}`)).map(
        ([name, value]) => [name, { type: "plain_text" as const, value }],
      ),
    ),
    ...(perSecond !== undefined && { LAUNCHES_PER_SECOND: { type: "plain_text", value: perSecond } }),
  },
  dev: {
    remote: false,
    server: { hostname: HOST, port: Number(values.port) },
    inspector: false,
    persist: values["persist-to"],
    logLevel: "warn",
    liveReload: false,
    watch: false,
  },
});
process.once("SIGTERM", async () => {
  await worker.dispose();
  process.exit();
});
await worker.ready;
