/** What machines can be held to their size with on this computer; with CI set it has to be cgroups. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { chooseLimiter } from "../../../src/fly-local/processes/limits/choose-limiter.ts";
import { probeSandbox } from "../../../src/fly-local/processes/sandbox/sandbox-probe.ts";

const directory = mkdtempSync(join(tmpdir(), "fly-local-limits-"));
afterAll(async () => {
  if (probe.kind === "able") await probe.plan.zygote.close();
  rmSync(directory, { recursive: true, force: true });
});

export const probe = await probeSandbox(directory, [directory]);
export const choice = probe.kind === "able" ? await chooseLimiter(probe.plan) : null;
export const hasCgroups = choice !== null && choice.lack === null;
export const hasDisks = probe.kind === "able" && probe.plan.disks !== null;

if (!hasCgroups && process.env.CI) throw new Error(`no cgroups to test with here: ${choice?.lack}`);
if (!hasCgroups)
  console.warn(`limits: not tried, as no cgroup can be written here: ${choice?.lack}; try as root`);
