/** Starts the local Machines server beside the tests that run in workerd, which can not start processes themselves. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { eventually, start } from "./processes.ts";

interface Server {
  url: Promise<string>;
  users: number;
  end(): Promise<void>;
}

/** Projects of tests share one server, each of which sets this module up for itself. */
const shared = globalThis as { mayflyMachinesServer?: Server };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.mayflyMachinesServer ??= startServer();
  const server = shared.mayflyMachinesServer;
  server.users += 1;
  project.provide("machinesUrl", await server.url);
  return async () => {
    server.users -= 1;
    if (server.users > 0) return;
    delete shared.mayflyMachinesServer;
    await server.end();
  };
}

function startServer(): Server {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-machines-"));
  const main = join(import.meta.dirname, "../../src/fly-local/main.ts");
  const server = start(
    [
      process.execPath,
      main,
      "--any-token",
      "--port",
      process.env.MAYFLY_TEST_MACHINES_PORT ?? "0",
      "--state",
      join(folder, "state"),
      "--images",
      "host",
    ],
    {
      logFile: join(folder, "log"),
    },
  );
  return {
    users: 0,
    url: eventually(
      "the Machines server's start",
      async () => /http:\/\/127\.0\.0\.1:\d+/.exec(server.log())?.[0],
    ),
    async end() {
      await server.end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
