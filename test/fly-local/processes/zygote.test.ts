import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Init, makeInit } from "../../../src/fly-local/processes/init/init.ts";
import { makeDirectory } from "../../../src/fly-local/processes/init/operations.ts";
import { installInit } from "../../../src/fly-local/processes/init/program.ts";
import { encodeFrame, FROM_INIT } from "../../../src/fly-local/processes/init/protocol.ts";
import { type Zygote, zygoteOf } from "../../../src/fly-local/processes/init/zygote.ts";
import { childrenOf, nameOf } from "../../../src/fly-local/processes/tree.ts";

describe.skipIf(process.platform !== "linux")("a zygote", () => {
  let directory: string;
  let zygote: Zygote;
  beforeEach(() => {
    // Longer than the path of a socket may be.
    directory = mkdtempSync(join(tmpdir(), `zygote-${"x".repeat(100)}-`));
    zygote = zygoteOf(installInit(directory), directory);
  });
  afterEach(async () => {
    await zygote.close();
    rmSync(directory, { recursive: true });
  });
  const sockets = () => readdirSync(directory).filter((name) => name.endsWith(".socket"));
  const end = async (init: Init) => {
    init.kill();
    await init.gone;
  };
  const zygotes = () => childrenOf(process.pid).filter((pid) => nameOf(pid) === "mayfly-init");

  it("forks inits that start in the directory that is asked for", async () => {
    const init = await makeInit(zygote, [makeDirectory("here")], directory);
    expect(readdirSync(directory)).toContain("here");
    init.kill();
    await init.gone;
  });

  it("forks many at once, each with a connection of its own", async () => {
    const inits = await Promise.all(
      Array.from({ length: 50 }, (_, i) => makeInit(zygote, [makeDirectory(`d${i}`)], directory)),
    );
    expect(zygotes()).toHaveLength(1);
    expect(readdirSync(directory).filter((name) => /^d\d+$/.test(name))).toHaveLength(50);
    for (const init of inits) init.kill();
    await Promise.all(inits.map(({ gone }) => gone));
    // Their ends are told before they are gone from the list.
    await expect.poll(() => zygotes().flatMap(childrenOf)).toEqual([]);
  });

  it("says why it can not fork one", async () => {
    await expect(zygote.fork("/not/there")).rejects.toThrow("can not fork an init: ENOENT");
  });

  it("that was killed is replaced, and what it had forked goes on", async () => {
    const before = await makeInit(zygote, [], directory);
    const [pid = 0] = zygotes();
    process.kill(pid, "SIGKILL");
    await expect.poll(zygotes).not.toContain(pid);
    const after = await makeInit(zygote, [makeDirectory("after")], directory);
    await before.operate([makeDirectory("before")]);
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(["before", "after"]));
    for (const init of [before, after]) init.kill();
    await Promise.all([before.gone, after.gone]);
  });

  it("that is stopped is given up in time, and another takes its place", async () => {
    // Longer than an init takes on a busy computer.
    const impatient = zygoteOf(installInit(directory), directory, 2000);
    await end(await makeInit(impatient, []));
    for (const pid of zygotes()) process.kill(pid, "SIGSTOP");
    await expect(impatient.fork("/")).rejects.toThrow("can not fork an init: there was none after 2 s");
    await end(await makeInit(impatient, []));
    for (const pid of zygotes()) process.kill(pid, "SIGSTOP");
    await impatient.close();
    await expect.poll(() => [sockets(), zygotes()]).toEqual([[], []]);
  });

  it("that is none is given up in time", async () => {
    const program = join(directory, "other");
    writeFileSync(program, "#!/bin/sh\nexec sleep 71237\n", { mode: 0o755 });
    const impatient = zygoteOf(program, directory, 200);
    await expect(impatient.fork("/")).rejects.toThrow("can not fork an init: there was none after 0.2 s");
    await impatient.close();
    await expect.poll(() => childrenOf(process.pid).map(nameOf)).not.toContain("sleep");
  });

  it("that could not listen does so when it can", async () => {
    renameSync(directory, `${directory}-away`);
    await expect(zygote.fork("/")).rejects.toThrow("ENOENT");
    renameSync(`${directory}-away`, directory);
    await end(await makeInit(zygote, [makeDirectory("listens")], directory));
    expect(readdirSync(directory)).toContain("listens");
  });

  it("takes nobody for an init who does not know the token", async () => {
    const control = await zygote.fork("/");
    const init = new Init(control, control);
    const [name = ""] = sockets();
    const fd = openSync(directory, "r");
    const stranger = createConnection(`/proc/self/fd/${fd}/${name}`);
    stranger.on("error", () => {}).resume();
    stranger.write(encodeFrame({ type: FROM_INIT.hello, id: 0, payload: Buffer.from("a guess") }));
    await once(stranger, "close");
    closeSync(fd);
    init.kill();
    await init.gone;
  });

  it("has inits that keep nothing of what they were asked, and refuse what is asked after their end", async () => {
    const init = await makeInit(zygote, [], directory);
    const waiting = vi.spyOn(init.gone, "then");
    for (let i = 0; i < 3; i++) await init.operate([makeDirectory("asked")]);
    expect(waiting).not.toHaveBeenCalled();
    waiting.mockRestore();
    process.kill(zygotes().flatMap(childrenOf)[0] ?? 0, "SIGSTOP");
    const unanswered = init.operate([makeDirectory("never")]);
    init.kill();
    process.kill(zygotes().flatMap(childrenOf)[0] ?? 0, "SIGKILL");
    await expect(unanswered).rejects.toThrow("the machine's init has ended");
    await init.gone;
    await expect(init.operate([])).rejects.toThrow("the machine's init has ended");
    expect(readdirSync(directory)).not.toContain("never");
  });

  it("leaves nothing when it is closed", async () => {
    const init = await makeInit(zygote, []);
    init.kill();
    await init.gone;
    await zygote.close();
    expect([sockets(), zygotes()]).toEqual([[], []]);
  });
});
