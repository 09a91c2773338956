import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, it } from "vitest";
import { CHECKOUT_TOKEN_VARIABLE } from "../../src/core/step/checkout.ts";
import { aStepsSpec } from "../support/a-steps-spec.ts";
import { drainSteps, sectionOf } from "./runner/a-steps-run.ts";
import { Box, until } from "./runner/box.ts";
import { underEachShell } from "./runner/each-shell.ts";
import { masked } from "./runner/masked.ts";
import { onSmallDisk } from "./runner/small-disk.ts";

const AS_ROOT = process.getuid?.() === 0;
const NOBODY = 65534;

underEachShell("steps", (world) => {
  it("have each a section of both streams, byte for byte, a code and a time", async () => {
    const { box } = world;
    const bytes = Buffer.concat([Uint8Array.from({ length: 256 }, (_, i) => i), Buffer.from("\0\n\n")]);
    const file = box.write("bytes", bytes);
    const steps = aStepsSpec([
      `cat ${file}; echo a >&2`,
      "printf 'no newline'; printf b >&2",
      "true",
      `cat ${file}`,
    ]);
    const run = box.run({ steps });
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0", "3 succeeded 0", "4 succeeded 0"]);
    expect(sectionOf(outcome, 1)).toEqual([bytes.toString("latin1"), "a\n"]);
    expect(sectionOf(outcome, 2)).toEqual(["no newline", "b"]);
    expect(sectionOf(outcome, 3)).toEqual(["", ""]);
    expect(sectionOf(outcome, 4)).toEqual([bytes.toString("latin1"), ""]);
    for (const { startedAt, endedAt } of outcome.records)
      expect(Math.abs(Date.now() - Number(startedAt)) + Math.abs(Number(endedAt) - Date.now())).toBeLessThan(
        60_000,
      );
    expect(outcome.stdout.length).toBe(outcome.records.at(-1)?.to?.stdout);
    expect(await world.letGo(run)).toBe(0);
  });

  it("that fail keep off those behind them, but for those of a failure and of any case, and give the run the first one's code", async () => {
    const { box } = world;
    const steps = aStepsSpec([
      "echo one",
      { run: "echo two; false; echo not reached", if: "success" },
      "echo three",
      { run: "echo four; exit 9", if: "failure" },
      { run: "echo five", if: "always" },
      { run: "echo six", if: "failure" },
    ]);
    const run = box.run({ steps });
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual([
      "1 succeeded 0",
      "2 failed 1",
      "3 skipped",
      "4 failed 9",
      "5 succeeded 0",
      "6 succeeded 0",
    ]);
    expect(outcome.stdout.toString()).toBe("one\ntwo\nfour\nfive\nsix\n");
    expect(outcome.end).toMatchObject({ exit: { code: 1 }, timedOut: false, outputLost: false });
    expect(await world.letGo(run)).toBe(1);
  });

  it("for a failure are not run where there is none", async () => {
    const { box } = world;
    const run = box.run({ steps: aStepsSpec(["true", { run: "echo no", if: "failure" }]) });
    expect((await drainSteps(box)).told).toEqual(["1 succeeded 0", "2 skipped"]);
    expect(await world.letGo(run)).toBe(0);
  });

  it("past their time limit get TERM, and those behind them go by their condition", async () => {
    const { box } = world;
    const steps = aStepsSpec([
      { run: "trap 'echo bye; exit 0' TERM; echo ready; sleep 1000 & wait", timeoutMs: 2000 },
      "echo no",
      { run: "echo cleared", if: "always" },
    ]);
    const run = box.run({ steps });
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 failed 0 timed out", "2 skipped", "3 succeeded 0"]);
    expect(sectionOf(outcome, 1)[0]).toBe("ready\nbye\n");
    expect(outcome.end).toMatchObject({ exit: { code: 124 }, timedOut: false });
    expect(await world.letGo(run)).toBe(124);
  });

  it("past their time limit that ignore TERM get KILL after the stop limit, and all that they started with them", async () => {
    const { box } = world;
    const steps = aStepsSpec(
      [
        {
          run: "trap '' TERM; (trap '' TERM; while :; do sleep 0.05; done) & while :; do sleep 0.05; done",
          timeoutMs: 2000,
        },
        { run: "echo next", if: "failure" },
      ],
      { timeouts: { queueMs: 1000, bootMs: 1000, runMs: 600_000, stopMs: 1000 } },
    );
    const run = box.run({ steps });
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 failed 137 timed out", "2 succeeded 0"]);
    expect(outcome.end.exit.code).toBe(137);
    await world.letGo(run);
  });

  it("find what a step before them has put into the background, whose later output is in theirs", async () => {
    const { box } = world;
    const gate = box.gate();
    const done = box.path("done");
    const steps = aStepsSpec([
      `{ read -r _ <${gate.path}; echo from behind; : >${done}; exec sleep 1000; } & echo one`,
      `echo >${gate.path}; until [ -e ${done} ]; do sleep 0.01; done; sleep 0.1; echo two`,
    ]);
    const run = box.run({ steps });
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0"]);
    expect(sectionOf(outcome, 1)[0]).toBe("one\n");
    expect(sectionOf(outcome, 2)[0]).toBe("from behind\ntwo\n");
    world.leaves(1);
    expect(await world.letGo(run)).toBe(0);
  });

  it("are told while they run, before they have written anything", async () => {
    const { box } = world;
    const gate = box.gate();
    const run = box.run({ steps: aStepsSpec(["true", `read -r _ <${gate.path}`]) });
    let known = 0;
    while (known < 3) known += (await box.read({ knownFacts: known })).steps?.facts.length ?? 0;
    expect((await box.read({ knownFacts: 0, waitSeconds: 0 })).steps?.facts).toMatchObject([
      { fact: "started", step: 1 },
      { fact: "ended", step: 1, exitCode: 0 },
      { fact: "started", step: 2 },
    ]);
    gate.open();
    expect((await drainSteps(box)).told).toEqual(["1 succeeded 0", "2 succeeded 0"]);
    await world.letGo(run);
  });

  it("that end while a reader looks are told with what those behind them have written by then", async () => {
    const { box } = world;
    const [next, last] = [box.gate(), box.gate()];
    const steps = aStepsSpec([
      `echo one; read -r _ <${next.path}; echo a >&2`,
      `echo two; echo b >&2; read -r _ <${last.path}`,
    ]);
    const run = box.run({ steps });
    await box.read({ knownFacts: 0 });
    const isWritten = '[ "$(wc -c <"$_dir/stdout")$(wc -c <"$_dir/stderr")" = 84 ]';
    const meanwhile = `${isWritten} || { echo >${next.path}; until ${isWritten}; do sleep 0.01; done; }`;
    const { steps: told, ...read } = await box.read({
      knownFacts: 0,
      waitSeconds: 0,
      script: (text) => text.replace("read_sizes() {", () => `read_sizes() {\n${meanwhile}`),
    });
    expect([read.stdoutSize, read.stderrSize]).toEqual([8, 4]);
    expect(told?.facts).toMatchObject([
      { fact: "started", step: 1 },
      { fact: "ended", step: 1, stdout: 4, stderr: 2 },
      { fact: "started", step: 2 },
    ]);
    last.open();
    await drainSteps(box);
    await world.letGo(run);
  });

  it("are not told to code that does not ask for them", async () => {
    const { box } = world;
    const run = box.run({ steps: aStepsSpec(["echo one; echo two >&2"]) });
    const reply = await box.drain();
    expect(reply.steps).toBeUndefined();
    expect([Buffer.from(reply.stdout).toString(), Buffer.from(reply.stderr).toString()]).toEqual([
      "one\n",
      "two\n",
    ]);
    await world.letGo(run);
  });

  it("are told to stop with the run: the one under way has TERM, and behind it only those of any case are run", async () => {
    const { box } = world;
    const steps = aStepsSpec([
      "trap 'echo bye; exit 3' TERM; echo ready; sleep 1000 & wait",
      "echo no",
      { run: "echo no", if: "failure" },
      { run: "echo cleared", if: "always" },
    ]);
    const run = box.run({ steps });
    await box.read({ knownFacts: 1 });
    run.child.kill("SIGTERM");
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 failed 3", "2 skipped", "3 skipped", "4 succeeded 0"]);
    expect(outcome.stdout.toString()).toBe("ready\nbye\ncleared\n");
    expect(outcome.end).toMatchObject({ exit: { code: 3 }, timedOut: false });
    expect(await world.letGo(run)).toBe(3);
  });

  it("that a stop keeps off make a run that failed at nothing end as if TERM had ended it", async () => {
    const { box } = world;
    const steps = aStepsSpec(["trap 'exit 0' TERM; echo ready; sleep 1000 & wait", "echo no"]);
    const run = box.run({ steps, runMs: 3000 });
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 succeeded 0", "2 skipped"]);
    expect(outcome.end).toMatchObject({ timedOut: true, exit: { code: 143 } });
    await world.letGo(run);
  });

  it("end with the stop limit, and the one under way is over with them", async () => {
    const { box } = world;
    const steps = aStepsSpec([
      "trap '' TERM; echo ready; while :; do sleep 0.05; done",
      { run: "echo no", if: "always" },
    ]);
    const run = box.run({ steps, stopMs: 1000 });
    // What it says it says once its trap is set.
    await until(() => existsSync(`${box.dir}/stdout`) && statSync(`${box.dir}/stdout`).size > 0);
    run.child.kill("SIGTERM");
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 failed 137"]);
    expect(sectionOf(outcome, 1)).toEqual(["ready\n", ""]);
    expect(outcome.end).toMatchObject({ timedOut: false, exit: { code: 137 } });
    await world.letGo(run);
  });

  it("are told as they were at their end, though a process that nobody finds goes on writing", async () => {
    const { box } = world;
    const gate = box.gate();
    const said = box.path("said");
    const hides = "ulimit -S -w unlimited 2>/dev/null || ulimit -S -x unlimited";
    const late = `(${hides}; trap '' TERM; read -r _ <${gate.path}; echo late; : >${said}; exec sleep 1000)`;
    const steps = aStepsSpec([`${late} & trap '' TERM; echo ready; while :; do sleep 0.05; done`]);
    const run = box.run({ steps, runMs: 3000, stopMs: 1000 });
    const outcome = await drainSteps(box);
    expect(outcome.stdout.toString()).toBe("ready\n");
    gate.open();
    await until(() => existsSync(said) && statSync(`${box.dir}/stdout`).size > outcome.stdout.length);
    expect(Buffer.from((await box.drain()).stdout).toString()).toBe("ready\n");
    world.leaves(3);
    await world.letGo(run);
  });

  it("have what a child of the stopped one says to the stop", async () => {
    const { box } = world;
    const child = box.write(
      "child",
      "trap 'echo child; exit' TERM; echo ready; while :; do sleep 0.01; done",
    );
    const run = box.run({ steps: aStepsSpec([`sh ${child}; echo not reached`]) });
    await box.read({ knownFacts: 1 });
    run.child.kill("SIGTERM");
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 failed 143"]);
    expect(sectionOf(outcome, 1)[0]).toBe("ready\nchild\n");
    await world.letGo(run);
  });

  it("have their variables and working directory, and the name of the step, and nothing of the program's", async () => {
    const { box } = world;
    const steps = aStepsSpec([
      {
        name: "it's",
        run: 'echo "$A|$_n|$_home|$MAYFLY_STEP|$PWD"',
        env: { A: "a 'b'\n$c", _n: "7", _home: "h" },
        workingDirectory: "/usr",
      },
      {
        run: 'echo "$A$MAYFLY_STEP"; for fd in /proc/$$/fd/*; do readlink "$fd" || :; done',
        workingDirectory: "/",
      },
      { run: "echo no", workingDirectory: "/nowhere" },
    ]);
    const run = box.run({ steps });
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0", "3 failed 1"]);
    expect(sectionOf(outcome, 1)[0]).toBe("a 'b'\n$c|7|h|it's|/usr\n");
    const [name, ...open] = sectionOf(outcome, 2)[0].trimEnd().split("\n");
    expect(name).toBe("step 2");
    // Of the program's and the runner's files; what whoever runs the tests has open is handed on to all.
    const files = open.filter((path) => path.includes("/.mayfly-test-")).map((path) => basename(path));
    expect([...new Set(files)].toSorted()).toEqual(["err.2", "out.2", "step.2"]);
    expect(sectionOf(outcome, 3)[1]).toContain("can not enter /nowhere\n");
    await world.letGo(run);
  });

  it("write a flood of 4 MB each, and each byte is in its own section", async () => {
    const { box } = world;
    const [a, b] = [randomBytes(4_000_000), randomBytes(4_000_000)];
    const [first, second] = [box.write("a", a), box.write("b", b)];
    const run = box.run({ steps: aStepsSpec([`cat ${first}`, `cat ${second} >&2; echo end`]) });
    const outcome = await drainSteps(box);
    const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    expect(digest(outcome.stdout.subarray(0, 4_000_000))).toBe(digest(a));
    expect(digest(outcome.stderr)).toBe(digest(b));
    expect(outcome.records).toMatchObject([
      { from: { stdout: 0, stderr: 0 }, to: { stdout: 4_000_000, stderr: 0 } },
      { from: { stdout: 4_000_000, stderr: 0 }, to: { stdout: 4_000_004, stderr: 4_000_000 } },
    ]);
    await world.letGo(run);
  });

  it("are fifty, and each is told once", async () => {
    const { box } = world;
    const run = box.run({ steps: aStepsSpec(Array.from({ length: 50 }, (_, i) => `echo ${i + 1}`)) });
    const outcome = await drainSteps(box);
    expect(outcome.records.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    for (const step of [1, 9, 10, 11, 50]) expect(sectionOf(outcome, step)[0]).toBe(`${step}\n`);
    await world.letGo(run);
  });

  it("open their streams by name", async () => {
    const { box } = world;
    const run = box.run({
      steps: aStepsSpec(["echo one; echo two >/dev/stdout; echo e >/dev/stderr", "echo three >/dev/stdout"]),
    });
    const outcome = await drainSteps(box);
    expect([sectionOf(outcome, 1), sectionOf(outcome, 2)]).toEqual([
      ["one\ntwo\n", "e\n"],
      ["three\n", ""],
    ]);
    await world.letGo(run);
  });

  it.skipIf(!AS_ROOT)("are another user's, who may not write to the runner's folder", async () => {
    const { box } = world;
    const run = box.run({ steps: aStepsSpec(["id -u; echo a >/dev/stderr", "exit 2"]), uid: NOBODY });
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 succeeded 0", "2 failed 2"]);
    expect(sectionOf(outcome, 1)).toEqual([`${NOBODY}\n`, "a\n"]);
    await world.letGo(run);
  });

  it("write to the files themselves where the image can make no FIFO, each to its own section", async () => {
    const { box } = world;
    box.change('mkfifo -m 666 "$_dir/1"', 'false "$_dir/1"');
    const run = box.run({
      steps: aStepsSpec(["echo one; echo a >&2", "echo two; exit 4", { run: "echo b >&2", if: "always" }]),
    });
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 succeeded 0", "2 failed 4", "3 succeeded 0"]);
    expect([1, 2, 3].map((step) => sectionOf(outcome, step))).toEqual([
      ["one\n", "a\n"],
      ["two\n", ""],
      ["", "b\n"],
    ]);
    await world.letGo(run);
  });

  it.each([
    ["that is ended before the second", null, 0],
    ["whose number is another's by then, who is left alone", "2", 1],
  ])("have a checkout's secrets with a process %s", async (_what, startsAt, left) => {
    const { box } = world;
    const token = randomBytes(20).toString("hex");
    const secrets = masked([CHECKOUT_TOKEN_VARIABLE, token]);
    const gate = box.gate();
    const line = (start: string) => `7 (a) (b c) S ${"0 ".repeat(18)}${start} 0 0\n`;
    const stat = box.write("stat", line("1"));
    const rewrite = startsAt === null ? "true" : `cat ${box.write("next", line(startsAt))} >${stat}`;
    const steps = aStepsSpec([rewrite, `echo begun; read -r _ <${gate.path}`]);
    box.putFiles(null, secrets, steps);
    if (startsAt !== null) {
      // No number can be had again at will: what the kernel tells of it is the test's.
      const program = readFileSync(`${box.dir}/steps.sh`, "utf8");
      const changed = program.replace('"/proc/$_holder/stat"', () => stat);
      expect(changed).not.toBe(program);
      writeFileSync(`${box.dir}/steps.sh`, changed);
    }
    const run = box.run({ steps, secrets });
    await box.give(secrets);
    await until(() => existsSync(`${box.dir}/stdout`) && statSync(`${box.dir}/stdout`).size > 0);
    expect(box.holding(token)).toHaveLength(left);
    gate.open();
    const outcome = await drainSteps(box);
    expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0"]);
    world.leaves(left);
    await world.letGo(run);
  });

  it.skipIf(!AS_ROOT)(
    "are told to their end where one of them has filled the disk, and that output is lost",
    async () => {
      await onSmallDisk(async (disk) => {
        const full = new Box(world.shell, disk);
        const stored = `until [ -s ${full.dir}/stdout ]; do :; done`;
        const fill = `cat /dev/zero >/tmp/.mayfly-${disk}/fill || true`;
        const steps = aStepsSpec([
          "echo first",
          `${stored}; ${fill}; head -c 300000 /dev/zero || true`,
          "exit 3",
          { run: "true", if: "always" },
        ]);
        const run = full.run({ steps });
        const outcome = await drainSteps(full);
        expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0", "3 failed 3", "4 succeeded 0"]);
        expect(sectionOf(outcome, 1)[0]).toBe("first\n");
        expect(outcome.end).toMatchObject({ exit: { code: 3 }, outputLost: true });
        expect(await world.letGo(run)).toBe(3);
      });
    },
  );
});
