import { expect, it } from "vitest";
import { Started, WAYS } from "../support/started.ts";
import { Box, until } from "./runner/box.ts";
import { underEachShell } from "./runner/each-shell.ts";

underEachShell("a command that is stopped", (world) => {
  it("leaves nothing that it started, at the run limit", async () => {
    const { box } = world;
    const started = new Started();
    const run = box.run({ script: `${started.script}sleep 1000`, runMs: 2000 });
    await started.all();
    const { end } = await box.drain();
    expect(started.alive()).toEqual([]);
    expect(end).toMatchObject({ timedOut: true, exit: { code: 143, signal: "SIGTERM" } });
    expect(await world.letGo(run)).toBe(143);
  });

  it("leaves nothing after the stop limit, and is not said to have ended before", async () => {
    const { box } = world;
    const started = new Started({ "one that ignores TERM": (program) => `(trap '' TERM; ${program})` });
    const run = box.run({ script: `${started.script}sleep 1000`, stopMs: 1000 });
    await started.all();
    const from = performance.now();
    run.child.kill("SIGTERM");
    const { end } = await box.drain();
    expect(performance.now() - from).toBeGreaterThan(900);
    expect(started.alive()).toEqual([]);
    expect(end).toMatchObject({ timedOut: false, exit: { code: 143, signal: "SIGTERM" } });
    await world.letGo(run);
  });

  it("has what it leaves told to end, and heard to the end", async () => {
    const { box } = world;
    const child = "trap 'echo child asked; exit' TERM; echo ready; while :; do sleep 0.01; done";
    const run = box.run({ script: `(${child}) & trap 'exit 6' TERM; while :; do sleep 0.01; done` });
    await box.read();
    run.child.kill("SIGTERM");
    const reply = await box.drain();
    expect(Buffer.from(reply.stdout).toString()).toBe("ready\nchild asked\n");
    expect(reply.end).toMatchObject({ timedOut: false, exit: { code: 6, signal: null } });
    expect(await world.letGo(run)).toBe(6);
  });

  it("keeps what it started until it has ended, as it may need that to end well", async () => {
    const { box } = world;
    const pipe = box.path("pipe");
    const ending =
      "trap 'echo asked; sleep 0.1; echo over; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    const run = box.run({ script: `mkfifo ${pipe}; cat <${pipe} & exec >${pipe}; ${ending}` });
    await box.read();
    run.child.kill("SIGTERM");
    const reply = await box.drain();
    expect(Buffer.from(reply.stdout).toString()).toBe("ready\nasked\nover\n");
    expect(reply.end?.exit.code).toBe(0);
    await world.letGo(run);
  });

  it("is stopped alone where nothing can be marked", async () => {
    const { box } = world;
    world.leaves(1);
    const started = new Started({ "a child": (program) => program });
    box.change("/proc/sys/kernel/random/uuid", "/proc/none");
    const run = box.run({ script: `echo out; ${started.script}exec sleep 1000` });
    await started.all();
    run.child.kill("SIGTERM");
    const reply = await box.drain();
    expect(Buffer.from([...reply.stdout, ...reply.stderr]).toString()).toBe("out\n");
    expect(reply.end).toMatchObject({ timedOut: false, exit: { code: 143 } });
    expect(started.alive()).toEqual(["a child"]);
    await world.letGo(run);
  });
});

underEachShell("a command that ends by itself", (world) => {
  it("leaves nothing that goes on for as long as the runner lingers", async () => {
    const { box } = world;
    const started = new Started();
    const gate = box.gate();
    const run = box.run({ script: `${started.script}read -r _ <${gate.path}; exit 3` });
    await started.all();
    gate.open();
    expect((await box.drain()).end?.exit.code).toBe(3);
    await until(() => started.alive().length === 0);
    expect(await world.letGo(run)).toBe(3);
  });
});

underEachShell("two runners that see each other's processes", (world) => {
  it("end those of their own commands alone", async () => {
    const [box, beside] = [world.box, new Box(world.shell)];
    const [started, others] = [new Started(), new Started()];
    const run = box.run({ script: `${started.script}sleep 1000` });
    const other = beside.run({ script: `${others.script}sleep 1000` });
    await Promise.all([started.all(), others.all()]);
    run.child.kill("SIGTERM");
    await box.drain();
    expect(started.alive()).toEqual([]);
    expect(others.alive()).toEqual(Object.keys(WAYS).sort());
    other.child.kill("SIGTERM");
    await beside.drain();
    expect(others.alive()).toEqual([]);
    await Promise.all([world.letGo(run), world.letGo(other)]);
  });
});
