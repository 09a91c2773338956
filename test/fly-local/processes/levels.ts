/** The levels of isolation that this computer can be tested with. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probeSandbox } from "../../../src/fly-local/processes/sandbox/sandbox-probe.ts";

const directory = mkdtempSync(join(tmpdir(), "fly-local-probe-"));
const probe = await probeSandbox(directory, [directory]);
if (probe.kind === "able") await probe.plan.zygote.close();
rmSync(directory, { recursive: true, force: true });

export const hasSandbox = probe.kind === "able";
export const levels: ("sandbox" | "process")[] = hasSandbox ? ["sandbox", "process"] : ["process"];
