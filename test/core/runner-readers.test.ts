import { execFileSync } from "node:child_process";
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { expect, it } from "vitest";
import { parseReadReply } from "../../src/core/runner-protocol.ts";
import { Box, until } from "./runner/box.ts";
import { underEachShell } from "./runner/each-shell.ts";

const AS_ROOT = process.getuid?.() === 0;
const NOBODY = 65534;

/** Takes a reader's second look away: only the runner can wake it. */
const neverLooksAgain = (runner: string) => runner.replace('sleep "$_nap" &', "sleep 1000 &");

/** Nor before it waits. */
const neverNaps = (runner: string) =>
  neverLooksAgain(runner).replace('sleep "$_nap" || return', "sleep 1000");

/** Whether a process has a file open. */
function holds(pid: number | undefined, path: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === path);
  } catch {
    return false;
  }
}

underEachShell("the runner answers readers", (world) => {
  it("that wait, several at once, at the end and not when they happen to look", async () => {
    const { box } = world;
    const gate = box.gate();
    const run = box.run({ script: `read _ <${gate.path}; exit 6` });
    await box.started();
    const waiting = [1, 2].map(() => box.read({ script: neverLooksAgain }));
    await box.waiting(2);
    gate.open();
    const replies = await Promise.all(waiting);
    expect(replies.map((reply) => reply.end?.exit.code)).toEqual([6, 6]);
    expect(await world.letGo(run)).toBe(6);
  });

  it("that come in a run's first moment, without looking again", async () => {
    const { box } = world;
    box.change('watch "$_limit" 0.03', 'watch "$_limit" 1000');
    const gate = box.gate();
    const run = box.run({ script: `read _ <${gate.path}; exit 6` });
    await until(() => box.state().includes("moment"));
    const waiting = [1, 2, 3, 4, 5].map(() => box.reader({ script: neverNaps }));
    await until(() => waiting.every(({ child }) => holds(child.pid, `${box.dir}/moment`)));
    gate.open();
    const replies = await Promise.all(waiting.map(({ ended }) => ended));
    expect(replies.map(({ stdout }) => parseReadReply(stdout))).toMatchObject(
      Array(5).fill({ end: { exit: { code: 6 } } }),
    );
    expect(await world.letGo(run)).toBe(6);
  });

  it("whose first moment is over, by time or by a signal, as those that wait", async () => {
    for (const moment of ["0.03", "1000"]) {
      const box = new Box(world.shell);
      box.change('watch "$_limit" 0.03', `watch "$_limit" ${moment}`);
      const gate = box.gate();
      const run = box.run({
        script: `trap : TERM; echo ready; until read _ <${gate.path}; do :; done; exit 6`,
      });
      await until(() => box.state().includes("stdout") && statSync(`${box.dir}/stdout`).size > 0);
      const waiting = [1, 2, 3].map(() => box.read({ stdoutOffset: 6, script: neverLooksAgain }));
      if (moment === "1000") run.child.kill("SIGTERM");
      await box.waiting(3);
      gate.open();
      expect((await Promise.all(waiting)).map(({ end }) => end?.exit.code)).toEqual([6, 6, 6]);
      expect(await world.letGo(run)).toBe(6);
    }
  });

  it.skipIf(!AS_ROOT)("of root where the command's user is another", async () => {
    const { box } = world;
    const gate = box.gate();
    const run = box.run({ script: `id -u; read _ <${gate.path}; exit 6`, uid: NOBODY });
    expect(Buffer.from((await box.read()).stdout).toString()).toBe(`${NOBODY}\n`);
    const waiting = box.read({ stdoutOffset: 6, script: neverLooksAgain });
    await box.waiting(1);
    gate.open();
    expect((await waiting).end?.exit.code).toBe(6);
    expect(await world.letGo(run)).toBe(6);
  });

  it("that wait, with output while the command runs", async () => {
    const { box } = world;
    const [first, second] = [box.gate(), box.gate()];
    const run = box.run({ script: `read _ <${first.path}; echo first; read _ <${second.path}` });
    const waiting = box.read();
    await box.waiting(1);
    first.open();
    const reply = await waiting;
    expect([Buffer.from(reply.stdout).toString(), reply.end]).toEqual(["first\n", null]);
    second.open();
    expect((await box.read({ stdoutOffset: 6 })).end?.exit.code).toBe(0);
    await world.letGo(run);
  });

  it("where the image can not make FIFOs", async () => {
    const { box } = world;
    const gate = box.gate();
    const run = box.run({ script: `read _ <${gate.path}; exit 6` });
    await box.started();
    const waiting = box.read({ script: (runner) => runner.replace('mkfifo -m 666 "$_fifo"', "false") });
    gate.open();
    expect((await waiting).end?.exit.code).toBe(6);
    await world.letGo(run);
  });

  it("where the image has no busybox, whose wc is slow, and where it has", async () => {
    const { box } = world;
    const gate = box.gate();
    const run = box.run({ script: `echo out; echo error >&2; read _ <${gate.path}` });
    while ((await box.read()).stderrSize < 6);
    for (const path of ["/no/busybox", "/bin/sh"]) {
      const script = (runner: string) => runner.replace("-e /bin/busybox", `-e ${path}`);
      expect(await box.read({ script })).toMatchObject({ stdoutSize: 4, stderrSize: 6, end: null });
    }
    gate.open();
    await box.drain();
    expect(await world.letGo(run)).toBe(0);
  });

  it("that wait for nothing, and after their time those that wait in vain", async () => {
    const { box } = world;
    const gate = box.gate();
    const run = box.run({ script: `echo first; read _ <${gate.path}` });
    await box.read();
    const nothing = { stdoutSize: 6, stderrSize: 0, end: null };
    expect(await box.read({ stdoutOffset: 6, waitSeconds: 0 })).toMatchObject(nothing);
    expect(await box.read({ stdoutOffset: 6, waitSeconds: 1 })).toMatchObject(nothing);
    gate.open();
    await box.read({ stdoutOffset: 6 });
    await world.letGo(run);
  });

  it("whatever became of others: one killed while it waited, one that left its FIFO", async () => {
    const { box } = world;
    const gate = box.gate();
    const run = box.run({ script: `read _ <${gate.path}; exit 6` });
    await box.started();
    execFileSync("mkfifo", ["-m", "666", `${box.dir}/wake.0`]);
    const killed = box.reader();
    await box.waits(killed);
    killed.child.kill("SIGKILL");
    await killed.ended;
    await until(() => box.readers() === 0);
    const waiting = box.reader({ script: neverLooksAgain });
    await box.waits(waiting);
    gate.open();
    expect(parseReadReply((await waiting.ended).stdout)).toMatchObject({ end: { exit: { code: 6 } } });
    expect(await world.letGo(run)).toBe(6);
  });

  it("that come before it has started", async () => {
    const { box } = world;
    box.putFiles();
    const reading = box.read();
    const run = box.run({ command: ["echo", "hi"] });
    expect((await reading).stdoutSize).toBe(3);
    await box.drain();
    await world.letGo(run);
  });

  it("with a problem where there is no record", async () => {
    const { box } = world;
    box.putFiles();
    expect(await box.tryRead({ waitSeconds: 0 })).toEqual({
      problem: `there is no record in ${box.dir}: the runner did not start, or could not write there`,
    });
  });

  it("with a problem where offsets are beyond the streams", async () => {
    const { box } = world;
    const run = box.run({ command: ["echo", "hi"] });
    await box.drain();
    expect(await box.tryRead({ stdoutOffset: 4 })).toEqual({
      problem: "offsets 4 and 0 are beyond the streams, which have 3 and 0 bytes",
    });
    await world.letGo(run);
  });
});
