import { describe, expect, it } from "vitest";
import { STEP_FACTS_MAX } from "../../src/core/limits.ts";
import { RUNNER_SCRIPT } from "../../src/core/runner.ts";
import { parseReadReply, readCommand, runnerCommand, runnerFiles } from "../../src/core/runner-protocol.ts";
import { MISSING_SHELLS } from "./runner/shells.ts";

const MACHINE = "mayfly-01j-1";

describe("the runner's files", () => {
  it("hold the script, which is small enough to travel with every Machine", () => {
    const [runner, ...others] = runnerFiles(MACHINE, null);
    expect(others).toEqual([]);
    expect(runner).toMatchObject({ path: "/tmp/.mayfly-mayfly-01j-1/runner.sh", mode: 0o644 });
    expect(decoded(runner?.base64)).toBe(RUNNER_SCRIPT);
    expect(Buffer.byteLength(RUNNER_SCRIPT)).toBeLessThan(11 * 1024);
  });

  it.each(["", "a", "ab", "abc", "echo 'ä€😀'\n", "x".repeat(10_000)])(
    "hold a job's script: %j",
    (script) => {
      const job = runnerFiles(MACHINE, script)[1];
      expect(job?.path).toBe("/tmp/.mayfly-mayfly-01j-1/job");
      expect(decoded(job?.base64)).toBe(script);
      expect(job?.base64).toBe(Buffer.from(script).toString("base64"));
    },
  );
});

describe("the runner's command lines", () => {
  it("say all that they are asked for, with limits in whole seconds and none shorter than asked for", () => {
    const limits = { machineName: MACHINE, runMs: 1500, stopMs: 1000, lingerMs: 1 };
    const start = ["/bin/sh", "/tmp/.mayfly-mayfly-01j-1/runner.sh"];
    const dir = "/tmp/.mayfly-mayfly-01j-1";
    expect(runnerCommand({ ...limits, command: ["echo", "a b", ""], script: null })).toEqual([
      ...[...start, "run", dir, "2", "1", "1"],
      ...["echo", "a b", ""],
    ]);
    expect(runnerCommand({ ...limits, command: null, script: "echo" })).toEqual([
      ...[...start, "run", dir, "2", "1", "1"],
      ...["/bin/sh", `${dir}/job`],
    ]);
    const offsets = { stdoutOffset: 1, stderrOffset: 2, maxBytes: 3, waitSeconds: 4 };
    expect(readCommand({ machineName: MACHINE, ...offsets })).toEqual([
      ...start,
      "read",
      dir,
      "1",
      "2",
      "3",
      "4",
    ]);
  });
});

describe("a reply", () => {
  const none = { stdout: new Uint8Array(), stderr: new Uint8Array(), end: null };

  it("of a command that runs", () => {
    expect(parseReadReply("mayfly 1 running 5 0 0 0 0 0 - base64 0 0\n\n.\n.\n")).toEqual({
      ...none,
      stdoutSize: 5,
      stderrSize: 0,
    });
  });

  it("of one that ended, with its bytes", () => {
    expect(
      parseReadReply("mayfly 1 ended 9 4 0 0 0 0 1700000000 base64 4 1\n\nAP//\nCg==\n.\nQQ==\n.\n"),
    ).toEqual({
      stdoutSize: 9,
      stderrSize: 4,
      stdout: Uint8Array.of(0, 255, 255, 10),
      stderr: Uint8Array.of(65),
      end: {
        exit: { code: 0, signal: null, oomKilled: false },
        timedOut: false,
        commandMissing: null,
        outputLost: false,
        at: 1_700_000_000_000,
      },
    });
  });

  it("with its bytes as hex", () => {
    const reply = parseReadReply("mayfly 1 running 3 0 0 0 0 0 - hex 3 0\n\n 00 ff\n 41\n.\n.\n");
    expect(reply).toMatchObject({ stdout: Uint8Array.of(0, 255, 65) });
  });

  it("with its bytes as text, which may look like anything", () => {
    const [out, err] = [".\n\tmayfly 1 problem .\n", ".\n."];
    const reply = parseReadReply(`mayfly 1 ended 22 3 0 0 0 0 - text 22 3\n\n${out}.\n${err}.\n`);
    expect(reply).toMatchObject({
      stdout: new Uint8Array(Buffer.from(out)),
      stderr: new Uint8Array(Buffer.from(err)),
    });
    expect(parseReadReply("mayfly 1 ended 0 0 0 0 0 0 - text 0 0\n\n.\n.\n")).toMatchObject({
      stdout: none.stdout,
    });
  });

  it.each([
    ["137 0 0 0", { exit: { code: 137, signal: "SIGKILL", oomKilled: false }, timedOut: false }],
    ["137 0 1 0", { exit: { code: 137, signal: "SIGKILL", oomKilled: true }, timedOut: false }],
    ["143 1 0 0", { exit: { code: 143, signal: "SIGTERM", oomKilled: false }, timedOut: true }],
    ["255 0 0 0", { exit: { code: 255, signal: null, oomKilled: false }, timedOut: false }],
  ])("of an end: %s", (facts, end) => {
    const reply = parseReadReply(`mayfly 1 ended 0 0 ${facts} - base64 0 0\n\n.\n.\n`);
    expect(reply).toMatchObject({ end: { ...end, commandMissing: null, at: null } });
  });

  it("with the sentence about a missing command, or one where the disk was too full for it", () => {
    const reply = (sentence: string) =>
      parseReadReply(`mayfly 1 ended 0 0 127 0 0 1 - base64 0 0\n${sentence}\n.\n.\n`);
    expect(reply("there is no program x. None.")).toMatchObject({
      end: { commandMissing: "there is no program x. None." },
    });
    expect(reply("")).toMatchObject({ end: { commandMissing: "the command can not be executed" } });
  });

  it.each([
    ["nothing", "", "not a reply of the runner"],
    ["something else", "sh: not found\n", "not a reply of the runner"],
    ["another version", "mayfly 2 running 0 0 0 0 0 0 - base64 0 0\n\n.\n.\n", "not a reply of the runner"],
    [
      "a word for a number",
      "mayfly 1 running x 0 0 0 0 0 - base64 0 0\n\n.\n.\n",
      "not a reply of the runner",
    ],
    ["no second stream", "mayfly 1 running 1 0 0 0 0 0 - base64 1 0\n\nQQ==\n.\n", "cut short"],
    ["a piece of a stream", "mayfly 1 running 1 0 0 0 0 0 - base64 4 0\n\nQUFB", "cut short"],
    ["too few bytes", "mayfly 1 running 4 0 0 0 0 0 - base64 4 0\n\nQUFB\n.\n.\n", "does not hold the bytes"],
    [
      "too many bytes",
      "mayfly 1 running 4 0 0 0 0 0 - base64 2 0\n\nQUFB\n.\n.\n",
      "does not hold the bytes",
    ],
    [
      "a wrong character",
      "mayfly 1 running 4 0 0 0 0 0 - base64 3 0\n\nQU*B\n.\n.\n",
      "does not hold the bytes",
    ],
    [
      "more than a text can hold",
      "mayfly 1 running 4 0 0 0 0 0 - base64 99999999999 0\n\n.\n.\n",
      "does not hold",
    ],
    ["less text", "mayfly 1 ended 4 0 0 0 0 0 - text 4 0\n\nabc.\n.\n", "cut short"],
    ["more text", "mayfly 1 ended 2 0 0 0 0 0 - text 2 0\n\nabc.\n.\n", "does not hold the bytes"],
    ["text that is none", "mayfly 1 ended 1 0 0 0 0 0 - text 1 0\n\nä.\n.\n", "does not hold the bytes"],
    ["text without its end", "mayfly 1 ended 3 0 0 0 0 0 - text 3 0\n\nabc", "cut short"],
    ["the runner's own problem", "mayfly 1 problem there is none\n", "there is none"],
  ])("is a problem where it is %s", (_, text, problem) => {
    expect(parseReadReply(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it("of a mebibyte is read as it was written", () => {
    const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 7919) >> 3);
    const lines = Buffer.from(bytes).toString("base64").replace(/.{76}/g, "$&\n");
    const reply = parseReadReply(`mayfly 1 running 1048576 0 0 0 0 0 - base64 1048576 0\n\n${lines}\n.\n.\n`);
    expect("stdout" in reply && Buffer.from(bytes).equals(reply.stdout)).toBe(true);
  });
});

describe("what a reply tells of steps", () => {
  const reply = (lines: string, head = "steps 1000 9") =>
    parseReadReply(`mayfly 1 running 0 0 0 0 0 0 - base64 0 0\n\n.\n.\n${head}\n${lines}`);

  it("is each fact, and nothing of a line that is none: whatever is run in the Machine can write there", () => {
    const lines = [
      "s 1 100",
      "x",
      "",
      "e 1 -7 0 10 0 0",
      "s 1 1e3",
      "k 9999999999999999",
      "k 2 3",
      "e 1 0 0 10 0 0",
    ];
    expect(reply(`${lines.join("\n")}\n.\n`)).toMatchObject({
      steps: {
        nowCs: 1000,
        count: 9,
        facts: [
          { fact: "started", step: 1, atCs: 100 },
          { fact: "ended", step: 1, exitCode: 0, timedOut: false, tookMs: 10, stdout: 0, stderr: 0 },
        ],
      },
    });
  });

  it("is no more than there can be, however many lines there are", () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `k ${index + 1}`);
    const told = reply(`${lines.join("\n")}\n.\n`);
    expect("steps" in told && told.steps?.facts).toHaveLength(STEP_FACTS_MAX);
  });

  it("is a problem where it is cut short", () => {
    for (const [lines, head] of [["s 1 100\n"], ["", "steps 10"]] as const)
      expect(reply(lines, head)).toHaveProperty("problem");
  });
});

it("the runner is tried with every shell, in CI", () => {
  if (process.env.CI) expect(MISSING_SHELLS.map((shell) => `${shell.name}: ${shell.from}`)).toEqual([]);
});

function decoded(base64 = ""): string {
  return Buffer.from(base64, "base64").toString();
}
