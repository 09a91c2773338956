/** Starts the local Machines server beside the tests that run in workerd, which can not start processes themselves. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { eventually, start } from "./processes.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
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
  const url = await eventually(
    "the Machines server's start",
    async () => /http:\/\/127\.0\.0\.1:\d+/.exec(server.log())?.[0],
  );
  project.provide("machinesUrl", url);
  return async () => {
    await server.end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  };
}
