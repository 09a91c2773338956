import { describe, expect, it } from "vitest";
import { hasProc } from "../../../src/fly-local/processes/stats.ts";
import { everyLevel } from "../processes/containers.ts";
import { levels } from "../processes/levels.ts";
import { nodeInside } from "../processes/node-inside.ts";
import { type Api, LIVES, machines, serve } from "../support.ts";

const NODE = nodeInside();

interface Row {
  pid: number;
  stime: number;
  rtime: number;
  command: string;
  directory: string;
  cpu: number;
  rss: number;
  listen_sockets: { proto: string; address: string }[];
}

const ps = (fly: Api, id: string, query = "") => fly.call<Row[]>("GET", `${machines}/${id}/ps${query}`);

describe.skipIf(!hasProc()).each(everyLevel)("inside a machine at level %s", async (isolation) => {
  const fly = await serve({ isolation });

  it("ps lists its processes and no other, as it numbers them itself", async () => {
    const script = 'sleep 1111 & cd /usr; touch "$HOME/ready"; wait';
    const { id } = await fly.create(["sh", "-c", script]);
    await fly.wait(id, "started");
    await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/ready" ]; do sleep 0.01; done']);
    const rows = (await ps(fly, id)).body;
    expect(rows.map(({ command }) => command).sort()).toEqual([
      'sh -c sleep 1111 & cd /usr; touch "$HOME/ready"; wait',
      "sleep 1111",
    ]);
    const [shell, sleep] = rows as [Row, Row];
    expect(shell.directory).toBe("/usr");
    expect(sleep.rss).toBeGreaterThan(0);
    expect(Math.abs(sleep.stime + sleep.rtime - Date.now() / 1000)).toBeLessThan(3);
    const inner = (await fly.exec(id, ["sh", "-c", "grep -l 1111 /proc/[0-9]*/cmdline"])).body.stdout ?? "";
    if (isolation !== "process") expect(inner).toContain(`/proc/${sleep.pid}/cmdline`);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
    expect((await fly.call("GET", `${machines}/${id}/ps`)).body.error).toBe(
      "failed_precondition: machine not running",
    );
  });

  it("ps lists the main process from the moment that the machine is started", async () => {
    for (let round = 0; round < 50; round += 1) {
      const { id } = await fly.create(LIVES);
      await fly.wait(id, "started");
      expect((await ps(fly, id)).body).toHaveLength(1);
      await fly.call("DELETE", `${machines}/${id}?force=true`);
    }
  });

  it("ps lists none from the moment that the machine is stopped, though what is left of it is still being killed", async () => {
    const many = 'rm -f "$HOME/ready"; for i in $(seq 150); do sleep 60 & done; touch "$HOME/ready"; wait';
    const { id } = await fly.create(["sh", "-c", many], { auto_destroy: false });
    for (let round = 0; round < 5; round += 1) {
      await fly.wait(id, "started");
      await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/ready" ]; do sleep 0.01; done']);
      await fly.call("POST", `${machines}/${id}/stop`, { signal: "SIGKILL" });
      await fly.wait(id, "stopped");
      expect((await ps(fly, id)).status).toBe(412);
      await fly.call("POST", `${machines}/${id}/start`);
    }
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("ps is sorted as asked, and refuses to be sorted by what it has not", async () => {
    const { id } = await fly.create(["sh", "-c", "sleep 1112 & sleep 1113 & wait"]);
    await fly.wait(id, "started");
    const pids = (await ps(fly, id, "?sort_by=pid&order=desc")).body.map(({ pid }) => pid);
    expect(pids).toEqual([...pids].sort((a, b) => b - a));
    expect((await ps(fly, id, "?sort_by=beauty")).status).toBe(400);
    expect((await ps(fly, id, "?order=random")).status).toBe(400);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("nothing is told of one that does not run", async () => {
    const { id } = await fly.create(LIVES, {}, { skip_launch: true });
    await fly.wait(id, "stopped");
    expect((await ps(fly, id)).status).toBe(412);
    expect((await fly.call("GET", `${machines}/${id}/memory`)).status).toBe(412);
  });
});

describe.skipIf(!hasProc()).each(levels)("inside a machine with Node at level %s", async (isolation) => {
  const fly = await serve({ isolation });

  it("ps lists what a thread other than the first has started, too", async () => {
    const inThread = `const { spawn } = require("node:child_process"); const { writeFileSync } = require("node:fs"); spawn("sleep", ["2222"]).once("spawn", () => writeFileSync(process.env.HOME + "/ready", ""));`;
    const script = `new (require("node:worker_threads").Worker)(${JSON.stringify(inThread)}, { eval: true })`;
    const { id } = await fly.create([NODE, "-e", script]);
    await fly.wait(id, "started");
    await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/ready" ]; do sleep 0.01; done']);
    expect((await ps(fly, id)).body.map(({ command }) => command)).toContain("sleep 2222");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("ps shows where a process listens", async () => {
    const listens = `require("node:net").createServer().listen(0, "127.0.0.1", function () { require("node:fs").writeFileSync(process.env.HOME + "/port", String(this.address().port)) })`;
    const { id } = await fly.create([NODE, "-e", listens]);
    await fly.wait(id, "started");
    const { body } = await fly.exec(id, [
      "sh",
      "-c",
      'until [ -s "$HOME/port" ]; do sleep 0.01; done; cat "$HOME/port"',
    ]);
    const [row] = (await ps(fly, id)).body;
    expect(row?.listen_sockets).toEqual([{ proto: "tcp", address: `127.0.0.1:${body.stdout}` }]);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("memory says the limit and what is left of it", async () => {
    const hold = `const held = Buffer.alloc(64 * 1024 * 1024, 1); require("node:fs").writeFileSync(process.env.HOME + "/ready", ""); setInterval(() => held.length, 1000)`;
    const guest = { cpu_kind: "shared", cpus: 1, memory_mb: 512 };
    const { id } = await fly.create([NODE, "-e", hold], { guest });
    await fly.wait(id, "started");
    await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/ready" ]; do sleep 0.01; done']);
    const memory = await fly.call<{ available_mb: number; limit_mb: number }>(
      "GET",
      `${machines}/${id}/memory`,
    );
    expect(memory.body.limit_mb).toBe(512);
    expect(memory.body.available_mb).toBeLessThan(512 - 64);
    expect(memory.body.available_mb).toBeGreaterThan(0);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });
});
