import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { until } from "./runner/box.ts";
import { underEachShell } from "./runner/each-shell.ts";

/** A job that says that it is ready, and on TERM says bye and exits with a code. KILL, as a sleep that is not exec'd yet has the trap. */
const polite = (code: number) =>
  `trap 'kill -KILL $p; echo bye; exit ${code}' TERM; sleep 1000 & p=$!; echo ready; wait`;
const STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.01; done";

underEachShell("the runner stops the command", (world) => {
  it("at the run limit", async () => {
    const { box } = world;
    const run = box.run({ command: ["sleep", "1000"], runMs: 1000 });
    expect((await box.read()).end).toMatchObject({
      timedOut: true,
      exit: { code: 143, signal: "SIGTERM", oomKilled: false },
    });
    expect(await world.letGo(run)).toBe(143);
  });

  it("at the run limit, and keeps what it says to that and the code it ends with", async () => {
    const { box } = world;
    const run = box.run({ script: polite(0), runMs: 1000 });
    const reply = await box.drain();
    expect(reply.end).toMatchObject({ timedOut: true, exit: { code: 0, signal: null } });
    expect(Buffer.from(reply.stdout).toString()).toBe("ready\nbye\n");
    expect(await world.letGo(run)).toBe(0);
  });

  it("by KILL where it ignores TERM for the stop limit", async () => {
    const { box } = world;
    const run = box.run({ script: STUBBORN, runMs: 1000, stopMs: 1000 });
    const { end } = await box.drain();
    expect(end).toMatchObject({ timedOut: true, exit: { code: 137, signal: "SIGKILL", oomKilled: false } });
    expect(await world.letGo(run)).toBe(137);
  });

  it.each(["SIGTERM", "SIGINT", "SIGQUIT"] as const)("on %s, by TERM", async (signal) => {
    const { box } = world;
    const run = box.run({ script: polite(9) });
    await box.read();
    run.child.kill(signal);
    const reply = await box.drain();
    expect(Buffer.from(reply.stdout).toString()).toBe("ready\nbye\n");
    expect(reply.end).toMatchObject({ timedOut: false, exit: { code: 9, signal: null } });
    expect(await world.letGo(run)).toBe(9);
  });

  it("before it is started, on a signal that comes so early", async () => {
    const { box } = world;
    const gate = box.gate();
    const here = box.path("here");
    const waiting = `: >${here}; read -r _ <${gate.path}; mkfifo -m 666 "$_dir/1"`;
    box.change('mkfifo -m 666 "$_dir/1"', waiting);
    const run = box.run({ command: ["sleep", "1000"] });
    await until(() => existsSync(here));
    run.child.kill("SIGTERM");
    gate.open();
    expect((await box.drain()).end).toMatchObject({
      timedOut: false,
      exit: { code: 143, signal: "SIGTERM" },
    });
    expect(await world.letGo(run)).toBe(143);
  });

  it("and what it left where it is told to by a signal to the whole process group", async () => {
    const { box } = world;
    const run = box.run({
      script: "trap 'trap \"\" TERM; echo bye; sleep 0.01; exit 4' TERM; echo before; kill 0; wait",
    });
    const reply = await box.drain();
    expect(Buffer.from(reply.stdout).toString()).toBe("before\nbye\n");
    expect(reply.end?.exit.code).toBe(4);
    expect(await world.letGo(run)).toBe(4);
  });

  it("on SIGTERM, and by KILL after the stop limit, however often it is told", async () => {
    const { box } = world;
    const run = box.run({ script: STUBBORN, stopMs: 1000 });
    const { stdoutSize } = await box.read();
    run.child.kill("SIGTERM");
    run.child.kill("SIGTERM");
    const { end } = await box.read({ stdoutOffset: stdoutSize });
    expect(end).toMatchObject({ timedOut: false, exit: { code: 137, signal: "SIGKILL", oomKilled: false } });
    expect(await world.letGo(run)).toBe(137);
  });

  it.each(["HUP", "USR1", "USR2"])("not on SIG%s, which it hands on as it is", async (signal) => {
    const { box } = world;
    const run = box.run({
      script: `trap 'echo got; kill -KILL $p; exit 3' ${signal}; sleep 1000 & p=$!; echo ready; wait`,
    });
    await box.read();
    run.child.kill(`SIG${signal}` as NodeJS.Signals);
    const reply = await box.drain();
    expect(Buffer.from(reply.stdout).toString()).toBe("ready\ngot\n");
    expect(reply.end?.exit.code).toBe(3);
    await world.letGo(run);
  });
});
