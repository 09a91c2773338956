import { afterEach, describe, expect, it } from "vitest";
import { levels } from "./levels.ts";
import { LIVES, machines, serve } from "./support.ts";

const isPossible = levels.includes("sandbox");

describe.skipIf(!isPossible)("in a sandbox", async () => {
  const fly = isPossible ? await serve({ isolation: "sandbox" }) : null;
  let id = "";

  async function sh(script: string) {
    if (fly === null) throw new Error("no sandboxes here");
    ({ id } = await fly.create(LIVES));
    await fly.wait(id, "started");
    return (await fly.exec(id, ["sh", "-c", script])).body;
  }

  afterEach(async () => {
    await fly?.call("DELETE", `${machines}/${id}?force=true`);
    await fly?.wait(id, "destroyed");
  });

  it("root can not mount, make devices, set the clock or change the host's kernel settings", async () => {
    const tries = {
      mount: "mount -t tmpfs none /mnt",
      "a device": "mknod /tmp/disk b 8 0 && head -c1 /tmp/disk",
      "a device elsewhere": "mknod /memory c 1 1 || mknod /dev/memory c 1 1",
      clock: "date -s @0",
      settings: "cat /proc/sys/vm/swappiness >/proc/sys/vm/swappiness",
      kernel: "echo h >/proc/sysrq-trigger",
      "its own protection": "umount /proc/sys",
    };
    for (const [what, command] of Object.entries(tries)) {
      const { exit_code: code } = await sh(command);
      expect(code, what).not.toBe(0);
    }
  });

  it("PID 1 is the init, and says nothing of the computer that it was started on", async () => {
    const { stdout } = await sh(
      "cat /proc/1/cmdline | tr '\\0' ' '; echo; cat /proc/1/environ 2>/dev/null | wc -c; ls /proc/1/root/ 2>/dev/null | wc -l; readlink /proc/1/fd/* | wc -l",
    );
    expect(stdout).toBe("mayfly-init \n0\n0\n0\n");
  });

  it("no process of the computer is seen, and no other machine's", async () => {
    const { stdout } = await sh("ls -d /proc/[0-9]* | wc -l; hostname");
    const [count, hostname] = (stdout ?? "").split("\n");
    // The init, the main process, the keeper of this exec, its shell, and the pipe's two.
    expect(Number(count)).toBeLessThanOrEqual(6);
    expect(hostname).toBe(id);
  });

  it("a command has the three streams and no other file of the init's", async () => {
    const { stdout } = await sh("ls /proc/self/fd | tr '\\n' ' '");
    expect(stdout).toBe("0 1 2 3 ");
  });

  it("an exec that is cut off takes along what left its session and its parent", async () => {
    if (fly === null) return;
    await sh("true");
    const script = "setsid sh -c 'sleep 1000 & sleep 1000 & exit' & sleep 1000";
    expect((await fly.exec(id, ["sh", "-c", script], 1)).status).toBe(408);
    const { body } = await fly.exec(id, [
      "sh",
      "-c",
      "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 100[0]'",
    ]);
    expect(body.stdout).toBe("0\n");
  });

  it("an exec may leave a process behind, which lives on with the machine", async () => {
    if (fly === null) return;
    await sh("setsid sleep 1000 >/dev/null 2>&1 </dev/null &");
    const { body } = await fly.exec(id, [
      "sh",
      "-c",
      "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 100[0]'",
    ]);
    expect(body.stdout).toBe("1\n");
  });

  it("a hundred execs at once are all answered, each with its own output", async () => {
    if (fly === null) return;
    await sh("true");
    const numbers = Array.from({ length: 100 }, (_, index) => String(index));
    const replies = await Promise.all(
      numbers.map((number) => fly.exec(id, ["sh", "-c", `echo ${number}; exit ${number}`])),
    );
    expect(replies.map(({ body }) => body.stdout)).toEqual(numbers.map((number) => `${number}\n`));
    expect(replies.map(({ body }) => body.exit_code)).toEqual(numbers.map(Number));
  });
});
