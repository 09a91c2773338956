import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Machine } from "../../../src/fly-local/machines/machine.ts";
import type { Level } from "../../../src/fly-local/processes/level.ts";
import {
  controllerPlace,
  ownMembership,
  ownMountinfo,
  unifiedPlace,
} from "../../../src/fly-local/processes/limits/cgroup-places.ts";
import { memoryWatch } from "../../../src/fly-local/processes/limits/memory-watch.ts";
import { sandboxLevel } from "../../../src/fly-local/processes/sandbox/sandbox-level.ts";
import { usedMemoryMb } from "../../../src/fly-local/processes/stats.ts";
import { api, LIVES, machines, serve, stateDir } from "../support.ts";
import { choice, hasCgroups, hasDisks, probe } from "./limits-here.ts";

/** Wants 1000 MiB of memory, and no more where nothing stops it. */
const EATS = "head -c 1000m /dev/zero | tail -c 1000m >/dev/null";
/** The same as the process that was started itself. */
const EATS_AS_MAIN = [
  "sh",
  "-c",
  "mkfifo /tmp/zeros; head -c 1000m /dev/zero >/tmp/zeros & exec tail -c 1000m </tmp/zeros",
];

/** The groups of a server's Machines. */
function groupsOf(pid: number): string[] {
  const [mountinfo, membership] = [ownMountinfo(), ownMembership()];
  const places = [
    unifiedPlace(mountinfo, membership),
    ...["memory", "cpu", "pids"].map((controller) => controllerPlace(mountinfo, membership, controller)),
  ];
  return places.flatMap((place) =>
    place === null || !existsSync(place.directory)
      ? []
      : readdirSync(place.directory)
          .filter((name) => name.startsWith(`mayfly-${pid}-`))
          .map((name) => join(place.directory, name)),
  );
}

/** CPU time that a group may use in a while, in microseconds. */
function cpuQuotaOf(group: string): string | null {
  const read = (name: string) => readFileSync(join(group, name), "utf8").trim();
  if (existsSync(join(group, "cpu.max"))) return read("cpu.max").replace(" ", " of ");
  if (!existsSync(join(group, "cpu.cfs_quota_us"))) return null;
  return `${read("cpu.cfs_quota_us")} of ${read("cpu.cfs_period_us")}`;
}

describe.skipIf(!hasCgroups)("a machine with limits", async () => {
  const fly = hasCgroups ? await serve({ isolation: "sandbox" }) : api("");

  it("whose main process wants more memory than it has is killed, and says so", async () => {
    const { id } = await fly.create(EATS_AS_MAIN);
    expect(await fly.exitOf(id)).toMatchObject({
      exit_code: 137,
      guest_signal: 9,
      oom_killed: true,
      requested_stop: false,
    });
  });

  it("loses the biggest process alone, and goes on where that is not the main one", async () => {
    const { id } = await fly.create(["sh", "-c", `${EATS} && exit 9; exit 3`]);
    expect(await fly.exitOf(id)).toMatchObject({ exit_code: 3, oom_killed: false });
  });

  it("may use what it has", async () => {
    const { id } = await fly.create(["sh", "-c", "head -c 400m /dev/zero | tail -c 400m >/dev/null"], {
      guest: { cpu_kind: "shared", cpus: 1, memory_mb: 1024 },
    });
    expect(await fly.exitOf(id)).toMatchObject({ guest_exit_code: 0 });
  });

  it.skipIf(!hasDisks)(
    "may write more to its files than it has memory, as on a computer with a disk",
    async () => {
      const script =
        "for path in /var/big /tmp/big /root/big; do head -c 400m /dev/zero >$path && rm $path || exit 1; done";
      const { id } = await fly.create(["sh", "-c", script]);
      expect(await fly.exitOf(id)).toMatchObject({ guest_exit_code: 0, guest_signal: -1 });
    },
  );

  it("that is killed by somebody, though an exec ran out of memory before, was not killed for that", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    expect((await fly.exec(id, EATS_AS_MAIN)).body).toMatchObject({ exit_code: 137, exit_signal: 9 });
    await fly.call("POST", `${machines}/${id}/signal`, { signal: "SIGKILL" });
    expect(await fly.exitOf(id)).toMatchObject({ exit_code: 137, oom_killed: false });
  });

  it("has a count of such kills of its own, which it can only read", async () => {
    const [one, other] = [await fly.create(LIVES), await fly.create(LIVES)];
    for (const { id } of [one, other]) await fly.wait(id, "started");
    expect((await fly.exec(one.id, ["sh", "-c", EATS])).body.exit_code).not.toBe(0);
    const killsIn = async (id: string) =>
      (await fly.exec(id, ["sed", "-n", "s/^oom_kill //p", "/proc/vmstat"])).body.stdout;
    expect(await killsIn(one.id)).toBe("1\n");
    expect(await killsIn(other.id)).toBe("0\n");
    const written = await fly.exec(one.id, ["sh", "-c", "echo 1 >/proc/vmstat"]);
    expect(written.body).toMatchObject({ stderr: expect.stringContaining("Read-only file system") });
    for (const { id } of [one, other]) await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("that was killed for want of memory and is started again begins anew", async () => {
    const { id } = await fly.create(EATS_AS_MAIN, { auto_destroy: false });
    for (let start = 0; start < 2; start++) {
      await fly.wait(id, "stopped");
      const [event] = (await fly.get(id)).events?.filter(({ type }) => type === "exit") ?? [];
      expect(event?.request?.exit_event).toMatchObject({ oom_killed: true });
      await fly.call("POST", `${machines}/${id}/start`);
      await fly.wait(id, "started");
    }
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it.skipIf(cpus().length < 2)("keeps no more CPUs busy than it has", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    const busy = 'for i in 1 2; do timeout 1 sh -c "while :; do :; done" & done; wait; times';
    const { body } = await fly.exec(id, ["sh", "-c", busy]);
    // The last line: user and system time of the children, such as "0m1.004s 0m0.003s".
    const [, minutes, seconds] = /(\d+)m([\d.]+)s \S+\s*$/.exec(body.stdout ?? "") ?? [];
    expect(Number(minutes) * 60 + Number(seconds)).toBeLessThan(1.3);
    // The same on a computer that had no more to give them.
    expect(groupsOf(process.pid).map(cpuQuotaOf)).toContain("100000 of 100000");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("tells what is in force", async () => {
    const { id } = await fly.create(["true"], { guest: { cpu_kind: "shared", cpus: 2, memory_mb: 512 } });
    const machine = (await fly.get(id)) as { limits?: object };
    expect(machine.limits).toEqual({
      by: choice?.limiter.enforcement.by,
      memory_mb: 512,
      cpus: 2,
      pids: 4096,
    });
    const { headers } = await fly.call("GET", machines);
    expect(headers.get("mayfly-limits")).toBe(choice?.limiter.enforcement.by);
  });
});

describe.skipIf(!hasCgroups)("processes of a machine", async () => {
  const fly = hasCgroups ? await serve({ isolation: "sandbox", pidsMax: 100 }) : api("");

  it("are as many as it may have and no more", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    // 300 at most, each of which ends by itself. A shell that can not fork gives up; what it started is counted by another.
    const script = "i=0; while [ $i -lt 300 ]; do i=$((i + 1)); sleep 30 >/dev/null 2>&1 & done";
    const tried = await fly.exec(id, ["sh", "-c", script]);
    expect(tried.body.exit_code).not.toBe(0);
    const machine = (await fly.get(id)) as { limits?: object };
    expect(machine.limits).toMatchObject({ pids: 100 });
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
  });
});

describe.skipIf(!hasCgroups)("a server's groups", () => {
  const MAIN = new URL("../../../src/fly-local/main.ts", import.meta.url).pathname;

  async function run(...flags: string[]): Promise<{ child: ChildProcess; url: string; line: string }> {
    const child = spawn(
      process.execPath,
      [MAIN, "--any-token", "--port", "0", "--images", "host", ...flags],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")).map(String);
    return { child, url: /http:\/\/[^ ]+/.exec(line ?? "")?.[0] ?? "", line: line ?? "" };
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }

  it("are gone when it ends, and those of one that was killed when the next starts", async () => {
    const state = stateDir();
    const first = await run("--state", state);
    expect(first.line).toContain(`limits on memory, CPUs and processes by ${choice?.limiter.enforcement.by}`);
    const fly = api(first.url);
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    const pid = first.child.pid ?? 0;
    expect(groupsOf(pid)).not.toEqual([]);
    await end(first.child, "SIGKILL");
    const second = await run("--state", state);
    expect(groupsOf(pid)).toEqual([]);
    await api(second.url).create(LIVES);
    await end(second.child, "SIGTERM");
    expect(groupsOf(second.child.pid ?? 0)).toEqual([]);
  });

  it("are not made where the user wants no limits, which the first line says", async () => {
    const { child, line, url } = await run("--state", stateDir(), "--no-limits");
    expect(line).toContain("no limits");
    const fly = api(url);
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    expect(groupsOf(child.pid ?? 0)).toEqual([]);
    expect((await fly.get(id)) as { limits?: object | null }).toMatchObject({ limits: null });
    await end(child, "SIGTERM");
  });
});

describe.skipIf(probe.kind !== "able")("where no cgroup can be written, memory is watched", () => {
  const start = async (argv: string[]) => {
    if (probe.kind !== "able") throw new Error("no sandboxes here");
    const level: Level = sandboxLevel(probe.plan, memoryWatch());
    afterAll(() => level.close());
    const machine = { id: "watched", config: { image: "x" } } as Machine;
    const log = { write: () => {}, end: () => {} };
    const env = { PATH: process.env.PATH ?? "" };
    return level.start({
      machine,
      processes: [{ argv, env, account: null }],
      env,
      image: null,
      mounts: [],
      log,
    });
  };

  it("and the biggest process killed, which the main one's end tells", async () => {
    const guest = await start(EATS_AS_MAIN);
    expect(await guest.exit).toEqual({ code: 0, signal: 9, oomKilled: true });
    await guest.end();
  });

  it("by another measure once that is set, unless more is used", async () => {
    const guest = await start([
      "sh",
      "-c",
      `head -c 100m /dev/zero | tail -c 100m >/dev/null && ${EATS}; exit 4`,
    ]);
    await guest.memory?.limit(2 ** 40);
    expect(await guest.exit).toEqual({ code: 4, signal: null });
    await guest.end();
    const full = await start(["sh", "-c", "(head -c 100m /dev/zero; sleep 60) | tail -c 100m"]);
    await expect.poll(() => usedMemoryMb(full.processes())).toBeGreaterThan(90);
    await expect(full.memory?.limit(50 * 2 ** 20)).rejects.toThrow(/bytes are in use/);
    expect(full.memory?.reclaim).toBeNull();
    await full.end();
  });

  it("and the machine's own counter of kills tells of one", async () => {
    const guest = await start(["sh", "-c", `${EATS}; grep -q '^oom_kill 1$' /proc/vmstat`]);
    expect(await guest.exit).toEqual({ code: 0, signal: null });
    await guest.end();
  });
});
