import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Machine } from "../../../../src/fly-local/machines/machine.ts";
import type { Fence, Limiter } from "../../../../src/fly-local/processes/limits/limiter.ts";
import { memoryWatch } from "../../../../src/fly-local/processes/limits/memory-watch.ts";
import { makeSandbox } from "../../../../src/fly-local/processes/sandbox/make-sandbox.ts";
import { sandboxBase } from "../../../../src/fly-local/processes/sandbox/sandbox-base.ts";
import { sandboxLevel } from "../../../../src/fly-local/processes/sandbox/sandbox-level.ts";
import { probeSandbox, type SandboxPlan } from "../../../../src/fly-local/processes/sandbox/sandbox-probe.ts";
import { hasSandbox } from "../levels.ts";
import { hasDisks } from "../limits-here.ts";

describe.skipIf(!hasDisks)("a sandbox that can not be made", () => {
  let directory = "";
  let plan: SandboxPlan;
  beforeEach(async () => {
    directory = join(mkdtempSync(join(tmpdir(), "make-sandbox-")), "base");
    const probe = await probeSandbox(directory, []);
    if (probe.kind === "unable") throw new Error(probe.reason);
    plan = probe.plan;
  });
  afterEach(async () => {
    await plan.disks?.close();
    await plan.zygote.close();
    rmSync(join(directory, ".."), { recursive: true });
  });

  it("for want of a disk leaves no room for its processes behind", async () => {
    const limiter = counted(memoryWatch());
    rmSync(join(directory, "disks"), { recursive: true });
    await expect(makeSandbox(plan, plan.tried, [], limiter)).rejects.toThrow("ENOENT");
    expect(limiter.fences()).toBe(0);
  });

  it("as it was planned is planned anew each time, though that has failed before", async () => {
    const level = sandboxLevel(plan, null);
    const start = () =>
      level.start({
        machine: { id: "planned", config: { image: "x" } } as Machine,
        processes: [{ argv: ["true"], env: { PATH: process.env.PATH ?? "" }, account: null }],
        env: {},
        image: null,
        // Who has a volume does not get the spare.
        mounts: [{ source: tmpdir(), path: "/mnt/volume" }],
        log: { write: () => {}, end: () => {} },
      });
    await (await start()).end();
    renameSync(directory, `${directory}-away`);
    writeFileSync(directory, "in its place");
    await expect(start()).rejects.toThrow(/EEXIST|ENOTDIR/);
    rmSync(directory);
    renameSync(`${directory}-away`, directory);
    // Then what machines write can only be kept in memory.
    rmSync(join(directory, "disks"), { recursive: true });
    const guest = await start();
    expect(await guest.exit).toEqual({ code: 0, signal: null });
    await guest.end();
    await level.close();
    expect(readdirSync(directory).filter((name) => name.endsWith(".socket"))).toEqual([]);
  });
});

describe.skipIf(!hasSandbox)("sandboxes of a state whose path has a blank", () => {
  const state = () => join(mkdtempSync(join(tmpdir(), "make sandbox-")), "base");

  it("have one place beside it, of the server's user alone, in which the next server tidies up", async () => {
    const directory = state();
    const base = sandboxBase(directory);
    for (let server = 0; server < 2; server++) {
      const probe = await probeSandbox(directory, []);
      if (probe.kind === "unable") throw new Error(probe.reason);
      expect(probe.plan.root).toBe(join(base, "mount/machine"));
      await Promise.all([probe.plan.disks?.close(), probe.plan.zygote.close()]);
    }
    expect(statSync(base).mode & 0o777).toBe(0o700);
    expect(sandboxBase(state())).not.toBe(base);
    rmSync(base, { recursive: true });
    rmSync(join(directory, ".."), { recursive: true });
  });

  const taken: [string, (path: string) => void][] = [
    ["others may write to", (path) => chmodSync(path, 0o777)],
    ["another user has", (path) => chownSync(path, 1, 1)],
    [
      "is a link",
      (path) => {
        rmSync(path, { recursive: true });
        symlinkSync("/etc", path);
      },
    ],
  ];
  const possible = taken.filter(([who]) => process.getuid?.() === 0 || who !== "another user has");
  it.each(possible)("are not made in one that %s", async (_, change) => {
    const directory = state();
    const base = sandboxBase(directory);
    mkdirSync(base, { mode: 0o700 });
    change(base);
    expect(await probeSandbox(directory, [])).toEqual({
      kind: "unable",
      reason: `${base} is there already, and is no directory of this user's alone`,
    });
    rmSync(base, { recursive: true });
    rmSync(join(directory, ".."), { recursive: true });
  });
});

/** The same, which tells how many fences stand. */
function counted(limiter: Limiter): Limiter & { fences(): number } {
  let standing = 0;
  const fence = (): Fence => {
    const made = limiter.fence();
    standing++;
    const remove = () => {
      standing--;
      made.remove();
    };
    return { ...made, remove };
  };
  return { ...limiter, fence, fences: () => standing };
}
