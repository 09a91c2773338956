import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { storedOutput } from "../../src/flow/output.ts";
import { createRunToEnd, testPorts } from "../support/run-to-end.ts";

const ports = testPorts(env.DB, env.OUTPUT, inject("machinesUrl"));
const runToEnd = createRunToEnd(env.DB, env.OUTPUT, inject("machinesUrl"));

async function outcome(spec: Partial<RunSpec>) {
  const { run } = (await runToEnd(spec)).state;
  const output = { stdout: "", stderr: "" };
  for await (const chunk of storedOutput(ports, run.id, { attempt: 0, seq: 0 }))
    output[chunk.stream] += new TextDecoder().decode(chunk.bytes);
  return { status: run.status, reason: run.reason, detail: run.detail, code: run.exit?.code, ...output };
}

const PRINTS_PATH = ["/bin/sh", "-c", 'echo "[$PATH]"'];

describe("a PATH of the run's own is the command's alone", () => {
  it.each(["", "/opt/venv/bin:/usr/local/bin"])(
    "%j: a program named by its path runs, with this PATH and its own exit code",
    async (PATH) => {
      const command = ["/bin/sh", "-c", 'echo "[$PATH] $*"; exit 7', "x", "a b", "$c"];
      expect(await outcome({ env: { PATH }, command })).toMatchObject({
        reason: "exit_code",
        code: 7,
        stdout: `[${PATH}] a b $c\n`,
      });
    },
  );

  it.each([
    ["/nope", "ls", 127, "there is no program ls in the run's PATH (/nope)"],
    ["", "echo", 127, "there is no program echo in the run's PATH ()"],
    ["/nope", "/nope/x", 127, "there is no program /nope/x in the image, or no interpreter or loader for it"],
    ["/nope", "/etc/passwd", 126, "/etc/passwd can not be executed"],
  ])(
    "PATH=%s: %s, which can not be started, ends with %i and its reason",
    async (PATH, program, code, detail) => {
      expect(await outcome({ env: { PATH }, command: [program, "hi"] })).toMatchObject({
        reason: "command_not_found",
        detail,
        code,
        stdout: "",
      });
    },
  );

  it.each([126, 127])("a command that itself exits with %i was there", async (code) => {
    const command = ["/bin/sh", "-c", `echo "sh: not found" >&2; exit ${code}`];
    expect(await outcome({ env: { PATH: "/nope" }, command })).toMatchObject({
      reason: "exit_code",
      code,
      stderr: "sh: not found\n",
    });
  });

  it("a script is run by sh all the same", async () => {
    expect(await outcome({ env: { PATH: "" }, command: null, script: 'echo "[$PATH]"; ls' })).toMatchObject({
      code: 127,
      stdout: "[]\n",
      stderr: expect.stringContaining("ls: not found"),
    });
  });

  it("one with the system's programs stays the machine's, and a missing program has its reason", async () => {
    const PATH = "/opt/venv/bin:/usr/bin:/bin";
    expect(await outcome({ env: { PATH }, command: PRINTS_PATH })).toMatchObject({
      status: "succeeded",
      stdout: `[${PATH}]\n`,
    });
    expect(await outcome({ env: { PATH }, command: ["no-such-program"] })).toMatchObject({
      reason: "command_not_found",
      detail: expect.stringContaining(`there is no program no-such-program in the image's PATH (${PATH})`),
    });
  });
});
