import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { webhookSettings } from "../../../src/cli/commands/start/webhook-settings.ts";
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

it("what webhooks may do here is as the file of secrets has it, and open to this computer where it says nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-settings-"));
  const file = join(folder, "secrets.env");
  const origin = "http://127.0.0.1:8787";
  const usual = { WEBHOOK_PRIVATE_TARGETS: "allow", DNS_OVER_HTTPS_URL: "", PUBLIC_URL: origin };
  expect(webhookSettings(file, origin)).toEqual(usual);
  writeFileSync(file, "FLY_APPS=a\nPUBLIC_URL=https://mayfly.example\n");
  expect(webhookSettings(file, origin)).toEqual({ ...usual, PUBLIC_URL: "https://mayfly.example" });
  writeFileSync(file, 'WEBHOOK_PRIVATE_TARGETS=""\nDNS_OVER_HTTPS_URL=https://dns.example/\n');
  expect(webhookSettings(file, origin)).toEqual({
    ...usual,
    ...{ WEBHOOK_PRIVATE_TARGETS: "", DNS_OVER_HTTPS_URL: "https://dns.example/" },
  });
  rmSync(folder, { recursive: true });
});
