import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freePort } from "../../support/free-port.ts";

const WORKER_MAIN = join(import.meta.dirname, "../../../src/cli/commands/start/worker-main.ts");

it("a worker whose port another program has taken since says so and ends", async () => {
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  const settings = [
    "--persist-to",
    "none",
    "--env-file",
    "/dev/null",
    "--machines-url",
    "http://127.0.0.1:1",
  ];
  const { status, stderr } = spawnSync(process.execPath, [WORKER_MAIN, "--port", String(port), ...settings], {
    encoding: "utf8",
  });
  other.close();
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringContaining(`port ${port} is in use`),
  });
});
