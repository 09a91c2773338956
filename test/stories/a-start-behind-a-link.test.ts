import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { hasSandbox } from "../fly-local/processes/levels.ts";
import { type LocalStart, startLocally } from "../support/local-mayfly.ts";

const MAYFLY = join(import.meta.dirname, "../../src/cli/mayfly.mjs");

let mayfly: LocalStart | null = null;
let folder = "";
afterEach(async () => {
  await mayfly?.close();
  rmSync(folder, { recursive: true, force: true });
});

test.runIf(hasSandbox)(
  "a start in a folder behind a link has sandboxes, which see nothing of it",
  async () => {
    // Not below /tmp, of which a machine sees nothing in any case.
    folder = mkdtempSync("/var/tmp/mayfly-test-");
    mkdirSync(join(folder, "real/dir"), { recursive: true });
    symlinkSync(join(folder, "real"), join(folder, "link"));
    mayfly = await startLocally(["--no-demo"], undefined, join(folder, "link/dir"));
    await mayfly.says("machines: sandbox");
    const look = `cd ${folder} && ls -d real/dir; find link/dir/ real/dir/ -mindepth 1`;
    const args = [MAYFLY, "run", "--dir", mayfly.folder, "--image", "alpine", "--", "sh", "-c", look];
    const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout).toBe("real/dir\n");
  },
);
