import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { childrenOf, nameOf } from "../../../../src/fly-local/processes/tree.ts";
import { startMachinesServer } from "../../../../src/fly-local/server.ts";
import { type Api, api, LIVES, machines, serve, stateDir } from "../../support.ts";
import { levels } from "../levels.ts";

/** Inits that were forked for the server, which is in this process; each has a child, PID 1. */
function ownInits(): number {
  const zygotes = childrenOf(process.pid).filter((pid) => nameOf(pid) === "mayfly-init");
  return zygotes.flatMap(childrenOf).length;
}

const isPossible = levels.includes("sandbox");

const MAIN = join(import.meta.dirname, "../../../../src/fly-local/main.ts");
const NOBODY = 65_534;
const hasGcc = spawnSync("gcc", ["--version"]).status === 0;

/** Root can also become the ordinary user that most people start the server as. */
const users = usersHere();

function usersHere(): ("root" | "an ordinary user" | "this user")[] {
  if (process.getuid?.() !== 0) return ["this user"];
  const reads = spawnSync(
    process.execPath,
    ["-e", `require("node:fs").accessSync(${JSON.stringify(MAIN)})`],
    {
      uid: NOBODY,
      gid: NOBODY,
    },
  );
  if (reads.status === 0) return ["root", "an ordinary user"];
  console.warn("sandbox: not tried as an ordinary user, who can not read this folder: clone it elsewhere");
  return ["root"];
}

async function serveAs(user: (typeof users)[number]): Promise<Api> {
  if (user !== "an ordinary user") return serve({ isolation: "sandbox" });
  const { fly, close } = await serveAsNobody();
  afterAll(close);
  return fly;
}

/** A server of an ordinary user's, in mounts of its own. */
async function serveAsNobody(): Promise<{ fly: Api; pid: number; close: () => Promise<void> }> {
  const state = stateDir();
  chownSync(state, NOBODY, NOBODY);
  const args = [
    MAIN,
    "--any-token",
    "--port",
    "0",
    "--images",
    "host",
    "--state",
    state,
    "--isolation",
    "sandbox",
  ];
  const user = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"].map(String);
  const child = spawn("unshare", ["-m", "setpriv", ...user, process.execPath, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const close = async () => {
    child.kill();
    await exit;
  };
  const [line] = await once(child.stdout, "data");
  return { fly: api(/http:\/\/\S+/.exec(String(line))?.[0] ?? ""), pid: child.pid ?? 0, close };
}

it.skipIf(!isPossible || !users.includes("an ordinary user"))(
  "machines of an ordinary user can be made although somebody has mounted something since the server's start",
  async () => {
    const { fly, pid, close } = await serveAsNobody();
    const lives = async () => {
      const { id } = await fly.create(LIVES);
      const { status } = await fly.wait(id, "started");
      await fly.call("DELETE", `${machines}/${id}?force=true`);
      return status;
    };
    expect(await lives()).toBe(200);
    execFileSync("nsenter", ["-t", String(pid), "-m", "mount", "-t", "tmpfs", "none", "/var/tmp"]);
    // One more than the spare that was made before.
    expect([await lives(), await lives()]).toEqual([200, 200]);
    await close();
  },
);

describe.skipIf(!isPossible)("a directory that machines are not to see", () => {
  let folder = "";
  beforeAll(() => {
    // Not below /tmp, of which a machine sees nothing in any case.
    folder = mkdtempSync("/var/tmp/mayfly-test-");
    for (const name of ["secret", "state"]) mkdirSync(join(folder, "real", name), { recursive: true });
    writeFileSync(join(folder, "real/secret/token"), "s3cret");
    symlinkSync(join(folder, "real"), join(folder, "link"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is empty to them where it is named by way of a link, and so is the server's state", async () => {
    const server = await startMachinesServer({
      ...{ port: 0, isolation: "sandbox", images: "host" },
      ...{ hidden: [join(folder, "link/secret")], stateDir: join(folder, "link/state") },
    });
    const fly = api(server.url);
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    const look = `cd ${folder} && ls -d real; cat real/secret/token link/secret/token; find real/state/ link/state/ -mindepth 1`;
    expect((await fly.exec(id, ["sh", "-c", look])).body.stdout).toBe("real\n");
    await server.close();
  });

  it.each([
    ["is not there", "nowhere"],
    ["is a file", "real/secret/token"],
  ])("ends the start in words where it %s", async (_, name) => {
    const path = join(folder, name);
    const options = { port: 0, isolation: "auto", images: "host", stateDir: join(folder, "other") } as const;
    const start = startMachinesServer({ ...options, hidden: [path] });
    await expect(start).rejects.toThrow(`--hide ${path}: `);
  });
});

describe.skipIf(!isPossible).each(users)("in a sandbox of %s", async (user) => {
  const fly = isPossible ? await serveAs(user) : null;
  let id = "";
  const made: string[] = [];

  async function sh(script: string) {
    if (fly === null) throw new Error("no sandboxes here");
    ({ id } = await fly.create(LIVES));
    made.push(id);
    await fly.wait(id, "started");
    return (await fly.exec(id, ["sh", "-c", script])).body;
  }

  afterEach(async () => {
    for (const each of made.splice(0)) {
      await fly?.call("DELETE", `${machines}/${each}?force=true`);
      await fly?.wait(each, "destroyed");
    }
  });

  it("root can not mount, make devices, set the clock or change the host's kernel settings", async () => {
    const tries = {
      mount: "mount -t tmpfs none /mnt",
      device: "mknod /fuse c 10 229 || mknod /dev/fuse c 10 229",
      "a mount in namespaces of its own, over the guards":
        "unshare -Urpmf --mount-proc sh -c 'cat /proc/sys/vm/swappiness >/proc/sys/vm/swappiness'",
      clock: "date -s @$(date +%s)",
      settings: "cat /proc/sys/vm/swappiness >/proc/sys/vm/swappiness",
      kernel: "echo h >/proc/sysrq-trigger",
      "its own protection": "umount /proc/sys",
    };
    for (const [what, command] of Object.entries(tries)) {
      const { exit_code: code } = await sh(command);
      expect(code, what).not.toBe(0);
    }
  });

  it("nobody can make user namespaces, in which root would have every right and the computer's cgroups", async () => {
    const { stderr } = await sh("unshare -UrmC true");
    expect(stderr).toContain("Operation not permitted");
    for (const cgroups of ["-t cgroup -o memory", "-t cgroup2"]) {
      const mounting = `unshare -UrmC sh -c 'mount ${cgroups} none /mnt && ls /mnt'`;
      expect((await sh(mounting)).exit_code).toBe(1);
    }
    // What cuts others off from the computer is no way either: clone(2) with the same flag, by perl as it has no program.
    const CLONE = { x64: 56, arm64: 220 }[process.arch as "x64" | "arm64"];
    const clone = await sh(`perl -e 'exit(syscall(${CLONE}, 0x10000011, 0, 0, 0, 0) == -1 ? 0 : 1)'`);
    expect(clone.exit_code ?? 0).toBe(0);
  });

  it.skipIf(process.arch !== "x64" || !hasGcc)(
    "nor in the way of the processor's 32-bit programs, which have other numbers for the same",
    async () => {
      const unshare = '__asm__ volatile("int $0x80" : "=a"(r) : "a"(310), "b"(0x10000000));';
      const program = join(stateDir(), "unshare");
      const source = `int main(void) { long r; ${unshare} return r == -1 ? 0 : 1; }`;
      execFileSync("gcc", ["-static", "-o", program, "-x", "c", "-"], { input: source });
      const file = { guest_path: "/tmp/unshare", raw_value: readFileSync(program, "base64"), mode: 0o755 };
      const machine = await fly?.create(["/tmp/unshare"], { files: [file] });
      expect((await fly?.exitOf(machine?.id ?? ""))?.exit_code ?? 0).toBe(0);
    },
  );

  it("the kernel's keys, which are the computer's, can not be asked for", async () => {
    const KEYCTL = { x64: 250, arm64: 219 }[process.arch as "x64" | "arm64"];
    const { stdout } = await sh(`perl -e 'syscall(${KEYCTL}, 0, -3, 0); print $!'`);
    expect(stdout).toBe("Operation not permitted");
  });

  it("root has the rights that docker leaves it, without raw sockets and devices, and can get no others", async () => {
    const { stdout } = await sh("grep ^Cap /proc/self/status");
    const rights = "00000000a00405fb";
    expect(stdout?.split(/\s+/).filter((_, index) => index % 2 === 1)).toEqual([
      "0000000000000000",
      rights,
      rights,
      rights,
      "0000000000000000",
    ]);
  });

  if (user === "root")
    it("any user can write to /dev/null and read the programs", async () => {
      const { exit_code: code } = await sh(
        "setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'ls / >/dev/null'",
      );
      expect(code).toBe(0);
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

  it("an exec that stops or kills its keeper is answered at its time all the same", async () => {
    if (fly === null) return;
    await sh("true");
    for (const signal of ["STOP", "KILL"])
      expect((await fly.exec(id, ["sh", "-c", `kill -${signal} $PPID; sleep 1000`], 1)).status, signal).toBe(
        408,
      );
    expect((await fly.exec(id, ["echo", "hi"])).body.stdout).toBe("hi\n");
  });

  it("more execs at once than there is room for are refused as such", async () => {
    if (fly === null) return;
    await sh("true");
    // Long enough for a busy computer to have begun all that there is room for before the first has ended.
    const replies = await Promise.all(Array.from({ length: 140 }, () => fly.exec(id, ["sleep", "4"])));
    const refused = replies.filter(({ status }) => status === 503);
    expect(replies.filter(({ status, body }) => status === 200 && body.exit_code === 0).length).toBe(
      140 - refused.length,
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.body.error).toContain("as many commands as can run in the machine already");
  });

  it("files of several megabytes are put in place whole", async () => {
    if (fly === null) return;
    const content = Buffer.alloc(5_000_000, "0123456789");
    const files = [{ guest_path: "/data/large", raw_value: content.toString("base64") }];
    ({ id } = await fly.create(LIVES, { files }));
    made.push(id);
    await fly.wait(id, "started");
    expect((await fly.exec(id, ["sh", "-c", "wc -c </data/large; tail -c 10 /data/large"])).body.stdout).toBe(
      "5000000\n0123456789",
    );
  });

  if (user !== "an ordinary user")
    it("a command too large to be started leaves no init behind", async () => {
      if (fly === null) return;
      await sh("true");
      const { id: large } = await fly.create(["true", "x".repeat(6_000_000)]);
      await fly.wait(large, "destroyed");
      // That of the machine from before, and the spare.
      await expect.poll(ownInits).toBe(2);
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

it.skipIf(!isPossible)("what is hidden with all around it is no obstacle to sandboxes", async () => {
  // Not under /tmp, where everything is hidden.
  const around = mkdtempSync("/var/tmp/mayfly-hidden-");
  const state = join(around, "machines");
  const server = await startMachinesServer({
    port: 0,
    stateDir: state,
    isolation: "sandbox",
    images: "host",
    hidden: [around],
  });
  const fly = api(server.url);
  const { id } = await fly.create(LIVES);
  await fly.wait(id, "started");
  expect((await fly.exec(id, ["ls", "-A", around])).body).toMatchObject({ stdout: "" });
  await server.close();
  rmSync(around, { recursive: true });
});
