import { existsSync, readdirSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isolatedLevels } from "../processes/containers.ts";
import { LIVES, machines, serve } from "../support.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe.each(isolatedLevels)("files at level %s", async (isolation) => {
  const fly = await serve({ isolation });

  it("go to any path with their mode, and never onto the computer", async () => {
    const files = [
      { guest_path: "/data/deep/in.txt", raw_value: base64("data") },
      { guest_path: "/etc/mayfly-test.conf", raw_value: base64("conf"), mode: 0o600 },
      // A link to /run on most computers: it has to be followed inside.
      { guest_path: "/var/run/mayfly-test", raw_value: base64("run") },
      { guest_path: "/tmp/tool.sh", raw_value: base64("#!/bin/sh\necho tool\n"), mode: 0o755 },
    ];
    const { id } = await fly.create(LIVES, { files });
    await fly.wait(id, "started");
    const script =
      "cat /data/deep/in.txt /etc/mayfly-test.conf /var/run/mayfly-test; /tmp/tool.sh; stat -c %a /etc/mayfly-test.conf; touch /usr/mayfly-test /tmp/mine";
    expect((await fly.exec(id, ["sh", "-c", script])).body.stdout).toBe("dataconfruntool\n600\n");
    for (const path of [
      "/data/deep/in.txt",
      "/etc/mayfly-test.conf",
      "/run/mayfly-test",
      "/usr/mayfly-test",
      "/tmp/mine",
    ])
      expect(existsSync(path)).toBe(false);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("lie in a root of its own: private /tmp and HOME, its own processes and host name", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    const reply = await fly.exec(id, [
      "sh",
      "-c",
      "ls -A /tmp; test ! -d /root || ls -A /root; hostname; ls -d /proc/[0-9]* | wc -l; echo >/dev/null; pwd",
    ]);
    const lines = reply.body.stdout?.trim().split("\n");
    expect(lines).toEqual([id, expect.any(String), "/"]);
    expect(Number(lines?.[1])).toBeLessThan(10);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("are fresh at each start", async () => {
    const { id } = await fly.create(["sh", "-c", "test ! -e /kept && touch /kept"], { auto_destroy: false });
    for (const _ of [1, 2]) {
      await fly.wait(id, "stopped");
      expect(
        (await fly.get(id)).events?.find((event) => event.type === "exit")?.request?.exit_event,
      ).not.toHaveProperty("exit_code");
      await fly.call("POST", `${machines}/${id}/start`);
    }
  });

  it("are out of reach of the loader variables that a machine sets", async () => {
    const { id } = await fly.create(LIVES, { env: { LD_PRELOAD: "/no/such.so", A: "b" } });
    await fly.wait(id, "started");
    const reply = await fly.exec(id, ["/bin/sh", "-c", "echo $A $LD_PRELOAD"]);
    expect(reply.body.stdout).toBe("b /no/such.so\n");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });
});

describe("files at the process level", async () => {
  const fly = await serve({ isolation: "process" });

  it("are refused outside of /tmp, in a sentence that says what is accepted", async () => {
    const files = [{ guest_path: "/etc/x.conf", raw_value: base64("x") }];
    const reply = await fly.call("POST", machines, {
      config: { image: "x", init: { exec: ["true"] }, files },
    });
    expect(reply.status).toBe(400);
    expect(reply.body.error).toContain("/etc/x.conf");
    expect(reply.body.error).toContain("only paths under /tmp/ are accepted");
    expect(existsSync("/etc/x.conf")).toBe(false);
  });

  it("under /tmp are there while the machine is, with what Mayfly's runner makes beside them", async () => {
    const name = `clean-${process.pid}`;
    const path = `/tmp/.mayfly-${name}/runner.sh`;
    const other = `/tmp/.mayfly-${name}-2/runner.sh`;
    const files = [{ guest_path: path, raw_value: base64(`mkdir "\${0%/*}/more"; exec sleep 60`) }];
    const neighbour = await fly.create(
      LIVES,
      { files: [{ guest_path: other, raw_value: base64("x") }] },
      { name: `${name}-2` },
    );
    const { id } = await fly.create(["sh", path], { files }, { name });
    await fly.wait(id, "started");
    await fly.exec(id, ["sh", "-c", `until [ -d /tmp/.mayfly-${name}/more ]; do sleep 0.01; done`]);
    expect(statSync(`/tmp/.mayfly-${name}`).mode & 0o777).toBe(0o700);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
    const left = () => readdirSync("/tmp").filter((entry) => entry.startsWith(`.mayfly-${name}`));
    expect(left()).toEqual([`.mayfly-${name}-2`]);
    await fly.call("DELETE", `${machines}/${neighbour.id}?force=true`);
    await fly.wait(neighbour.id, "destroyed");
    expect(left()).toEqual([]);
  });
});
