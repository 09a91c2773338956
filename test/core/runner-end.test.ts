import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { RELEASE_SIGNAL } from "../../src/core/runner-protocol.ts";
import { Box, until } from "./runner/box.ts";
import { underEachShell } from "./runner/each-shell.ts";
import { onSmallDisk } from "./runner/small-disk.ts";

const AS_ROOT = process.getuid?.() === 0;
/** Of the runner; the first is the test's own. */
const USERS = [undefined, ...(AS_ROOT ? [65534] : [])];
/** Variables that a shell sets by itself. */
const SHELLS_OWN = /^(_|PWD|OLDPWD|SHLVL)=/;
const MEMORY_CGROUPS = "/sys/fs/cgroup/memory";

underEachShell("the runner tells the end", (world) => {
  it.each([0, 1, 7, 126, 127, 255])("with exit code %i", async (code) => {
    const { box } = world;
    const run = box.run({ script: `exit ${code}` });
    expect((await box.read()).end).toMatchObject({
      exit: { code, signal: null, oomKilled: false },
      timedOut: false,
      commandMissing: null,
      outputLost: false,
    });
    expect(await world.letGo(run)).toBe(code);
  });

  it.each([
    ["TERM", 143],
    ["KILL", 137],
    ["SEGV", 139],
    ["HUP", 129],
    ["ABRT", 134],
  ])("by SIG%s", async (signal, code) => {
    const { box } = world;
    const run = box.run({ script: `echo err >&2; kill -${signal} $$` });
    const reply = await box.drain();
    expect(reply.end?.exit).toEqual({ code, signal: `SIG${signal}`, oomKilled: false });
    expect(Buffer.from(reply.stderr).toString()).toBe("err\n");
    expect(await world.letGo(run)).toBe(code);
  });

  it("of a command that closes its streams", async () => {
    const { box } = world;
    const run = box.run({ script: "echo before; exec >&- 2>&-; exit 4" });
    const reply = await box.drain();
    expect(Buffer.from(reply.stdout).toString()).toBe("before\n");
    expect(await world.letGo(run)).toBe(4);
  });

  it("of a command that leaves a child which holds its streams", async () => {
    const { box } = world;
    world.leaves(1);
    const run = box.run({ script: "sleep 1000 & echo started; exit 5" });
    const reply = await box.drain();
    expect(Buffer.from(reply.stdout).toString()).toBe("started\n");
    expect(reply.end?.exit.code).toBe(5);
    expect(await world.letGo(run)).toBe(5);
  });

  it("of one that does so later, after its first moment", async () => {
    const { box } = world;
    world.leaves(1);
    const gate = box.gate();
    const run = box.run({ script: `sleep 1000 & echo started; read _ <${gate.path}; exit 5` });
    await until(() => box.state().includes("early") && statSync(`${box.dir}/early`).size === 0);
    gate.open();
    const reply = await box.drain();
    expect(Buffer.from(reply.stdout).toString()).toBe("started\n");
    expect(reply.end?.exit.code).toBe(5);
    expect(await world.letGo(run)).toBe(5);
  });

  it("with its time, once that is known", async () => {
    const { box } = world;
    const before = Math.floor(Date.now() / 1000) * 1000;
    const run = box.run({ command: ["true"] });
    let at: number | null = null;
    while (at === null) at = (await box.read()).end?.at ?? null;
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
    await world.letGo(run);
  });

  it.skipIf(!AS_ROOT || !existsSync(MEMORY_CGROUPS))("by the kernel, for want of memory", async () => {
    const { box } = world;
    const group = `${MEMORY_CGROUPS}/${box.name}`;
    mkdirSync(group);
    try {
      writeFileSync(`${group}/memory.limit_in_bytes`, String(32 << 20));
      const run = box.run({ script: `echo $$ >${group}/cgroup.procs; exec tail /dev/zero` });
      expect((await box.read()).end?.exit).toEqual({ code: 137, signal: "SIGKILL", oomKilled: true });
      expect(await world.letGo(run)).toBe(137);
    } finally {
      rmdirSync(group);
    }
  });
});

underEachShell("the runner tells a command that can not be executed", (world) => {
  it.each([
    ["that no directory of PATH has", ["no-such-program"], 127, "there is no program no-such-program in"],
    ["that shells alone know", ["exit", "3"], 127, "there is no program exit in"],
    ["that is nowhere", ["/no/such/file"], 127, "there is no file /no/such/file in"],
    ["that the working directory has not", ["./none"], 127, "(working directory: /tmp)"],
    ["that is a directory", ["/tmp"], 126, "/tmp is a directory"],
    ["that has no name", [""], 127, "the command is empty"],
  ])("%s", async (_, command, code, sentence) => {
    const { box } = world;
    const run = box.run({ command, cwd: "/tmp" });
    const reply = await box.drain();
    expect(reply.end?.commandMissing).toContain(sentence);
    expect(reply.end?.exit).toEqual({ code, signal: null, oomKilled: false });
    expect([reply.stdoutSize, reply.stderrSize]).toEqual([0, 0]);
    expect(await world.letGo(run)).toBe(code);
  });

  it("that is not executable, by path", async () => {
    const { box } = world;
    const path = box.write("plain", "text");
    const run = box.run({ command: [path] });
    expect((await box.read()).end?.commandMissing).toBe(`${path} is not executable`);
    expect(await world.letGo(run)).toBe(126);
  });

  it("that is not executable, by PATH", async () => {
    const { box } = world;
    const path = box.write("plain", "text");
    const name = path.slice("/tmp/".length);
    const run = box.run({ command: [name], env: { PATH: `${process.env.PATH}:/tmp` } });
    expect((await box.read()).end?.commandMissing).toBe(`${path} is not executable`);
    expect(await world.letGo(run)).toBe(126);
  });

  it("whose interpreter is missing", async () => {
    const { box } = world;
    const path = box.write("script", "#!/no/such/interpreter\n", 0o755);
    const run = box.run({ command: [path] });
    expect((await box.drain()).end?.commandMissing).toContain(`${path} can not be started`);
    expect(await world.letGo(run)).toBe(127);
  });

  it("and not one that itself exits with 127 because it found nothing", async () => {
    const { box } = world;
    const run = box.run({ script: "no-such-program" });
    expect((await box.drain()).end).toMatchObject({ commandMissing: null, exit: { code: 127 } });
    await world.letGo(run);
  });
});

underEachShell("the runner lingers", (world) => {
  it("until its limit", async () => {
    const run = world.box.run({ script: "exit 8", lingerMs: 1000 });
    expect((await run.ended).code).toBe(8);
  });

  it("not where it is released the moment that the end is on record", async () => {
    const { box } = world;
    const gate = box.gate();
    const run = box.run({ script: `read _ <${gate.path}; exit 8` });
    await box.started();
    gate.open();
    await until(() => readFileSync(`${box.dir}/state`, "utf8").startsWith("ended"));
    expect(await world.letGo(run)).toBe(8);
  });

  it("through signals that would have stopped the command", async () => {
    const { box } = world;
    const run = box.run({ command: ["true"] });
    await box.drain();
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) run.child.kill(signal);
    expect((await box.read()).end?.exit.code).toBe(0);
    expect(await world.letGo(run)).toBe(0);
  });
});

underEachShell("the runner does not show", (world) => {
  it("in the command's environment, streams or umask", async () => {
    const { box } = world;
    const env = { PATH: process.env.PATH ?? "", EMPTY: "", dir: "mine", state: "mine" };
    const script = "cd /; ls /proc/self/fd; readlink /proc/self/fd/0; umask; env";
    const shown = (output: string) => output.split("\n").filter((line) => !SHELLS_OWN.test(line));
    const run = box.run({ script, env });
    const reply = await box.drain();
    const bare = await box.spawn(["sh", "-c", script], { env }).ended;
    expect(shown(Buffer.from(reply.stdout).toString())).toEqual(shown(bare.stdout));
    await world.letGo(run);
  });

  it("on the Machine's own streams", async () => {
    const { box } = world;
    const run = box.run({ script: "echo out; echo err >&2; kill -KILL $$" });
    await box.drain();
    run.child.kill(RELEASE_SIGNAL);
    expect(await run.ended).toMatchObject({ stdout: "", stderr: "" });
  });
});

underEachShell("the runner that can not write", (world) => {
  it.each(USERS)("exits with 125 and says so, and runs nothing twice (user %s)", async (uid) => {
    const { box } = world;
    const run = box.run({ command: ["true"], uid });
    await box.drain();
    await world.letGo(run);
    const second = await box.run({ command: ["true"], uid }).ended;
    expect(second.code).toBe(125);
    expect(second.stderr).toContain(`mayfly runner: can not write to ${box.dir}`);
  });

  it.skipIf(!AS_ROOT)(
    "still tells the end of a job that filled the disk, and starts no other there",
    async () => {
      await onSmallDisk(async (disk) => {
        const [full, late] = [new Box(world.shell, disk), new Box(world.shell, disk)];
        late.putFiles();
        const stored = `until [ -s ${full.dir}/stdout ]; do :; done`;
        const fill = `cat /dev/zero >/tmp/.mayfly-${disk}/fill`;
        const run = full.run({ script: `echo first; ${stored}; ${fill}; head -c 300000 /dev/zero; exit 3` });
        const reply = await full.drain();
        expect(reply.end).toMatchObject({ exit: { code: 3 }, outputLost: true });
        expect(Buffer.from(reply.stdout).toString().startsWith("first\n")).toBe(true);
        const refused = await late.run({ command: ["true"] }).ended;
        expect(refused.code).toBe(125);
        expect(refused.stderr).toContain("mayfly runner: can not write to");
        expect(await world.letGo(run)).toBe(3);
      });
    },
  );
});
