import { describe, expect, test } from "vitest";
import { runSpecSchema } from "../../src/api/spec-schema.ts";
import { type RunOptions, runCommand } from "../../src/cli/commands/run/options.ts";
import { specOf } from "../../src/cli/commands/run/spec.ts";
import { fakeIo } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";

async function parsed(...args: string[]): Promise<RunOptions> {
  let options: RunOptions | null = null;
  await runCommand(async (given) => {
    options = given;
  })
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parseAsync(args, { from: "user" });
  if (options === null) throw new Error("the command did not act");
  return options;
}

describe("a command line becomes options", () => {
  const base = {
    image: "a",
    command: ["x"],
    env: [],
    files: [],
    regions: [],
    tags: {},
    capture: "output",
    detach: false,
    json: false,
  };
  test.each<[string[], object]>([
    [["--image", "a", "--", "x"], {}],
    [["--image", "a", "--", "x", "--name", "not-ours", "-n"], { command: ["x", "--name", "not-ours", "-n"] }],
    [["--image", "a", "x", "-y", "--image", "b"], { command: ["x", "-y", "--image", "b"] }],
    [
      ["--image=a", "--env", "A=1=2", "--env", "B", "--env", "C=", "--", "x"],
      {
        env: [
          ["A", "1=2"],
          ["B", null],
          ["C", ""],
        ],
      },
    ],
    [
      ["--image", "a", "--env", "A=1", "--env", "B=2", "--env", "A=3", "--", "x"],
      {
        env: [
          ["A", "3"],
          ["B", "2"],
        ],
      },
    ],
    [["--image", "a", "--file", "/in:./a:b", "--", "x"], { files: [{ guest: "/in", local: "./a:b" }] }],
    [["--image", "a", "--timeout", "1h30m", "--", "x"], { timeout: "1h30m" }],
    [["--image", "a", "--retry", "2", "--retry-wait", "10s", "--", "x"], { retry: 2, retryWait: "10s" }],
    [
      [
        ..."--image a --retry-rule out_of_memory=next_size".split(" "),
        ..."--retry-rule 75,SIGTERM=same_size:30s -- x".split(" "),
      ],
      {
        retryRule: [
          { reasons: ["out_of_memory"], exit_codes: [], signals: [], do: "next_size" },
          { reasons: [], exit_codes: [75], signals: ["SIGTERM"], do: "same_size", wait: "30s" },
        ],
      },
    ],
    [
      ["--image", "a", "--concurrency", "deploy-{tags.env}", "--", "x"],
      { concurrency: { key: "deploy-{tags.env}" } },
    ],
    [
      ["--image", "a", "--concurrency", "a=b=3", "--strategy", "drop_new", "--priority", "-5", "--", "x"],
      { concurrency: { key: "a=b", limit: 3 }, strategy: "drop_new", priority: -5 },
    ],
    [["--image", "a", "--delay", "10m", "--expires", "1h", "--", "x"], { delay: "10m", expires: "1h" }],
    [
      ["--image", "a", "--run-at", "2026-12-24T18:00:00+01:00", "--", "x"],
      { runAt: "2026-12-24T17:00:00.000Z" },
    ],
    [
      ["--image", "a", "--size", "performance-2x", "--memory", "8gb", "--", "x"],
      { size: "performance-2x", memoryMb: 8192 },
    ],
    [
      ["--image", "a", "--cpu-kind", "shared", "--cpus", "2", "--memory", "512", "--", "x"],
      { cpuKind: "shared", cpus: 2, memoryMb: 512 },
    ],
    [["--image", "a", "--region", "ams", "--region", "eu", "--", "x"], { regions: ["ams", "eu"] }],
    [
      ["--image", "a", "--tag", "k=v=w", "--tag", "l=", "--name", "n", "--", "x"],
      { tags: { k: "v=w", l: "" }, name: "n" },
    ],
    [
      ["--image", "a", "--detach", "--json", "--idempotency-key", "k 1", "--", "x"],
      { detach: true, json: true, idempotencyKey: "k 1" },
    ],
    [["--image", "a", "--script", "-"], { command: [], script: "-" }],
    [["--image", "a", "--capture", "none"], { command: [], capture: "none" }],
    [["--image", "a", "--url", "http://u", "--token", "t", "--", "x"], { url: "http://u", token: "t" }],
  ])("%j", async (args, expected) => {
    expect(await parsed(...args)).toMatchObject({ ...base, ...expected });
  });
});

describe("what is not accepted ends with 2 and names what is", () => {
  test.each<[string[], string]>([
    [["--", "x"], "--image"],
    [["--image", "a"], "--script"],
    [["--image", "a", "--script", "f", "--", "x"], "not both"],
    [["--image", "a", "--size", "huge", "--", "x"], "shared-cpu-1x, shared-cpu-2x"],
    [["--image", "a", "--size", "shared-cpu-1x", "--cpus", "2", "--", "x"], "--cpus"],
    [["--image", "a", "--timeout", "soon", "--", "x"], "1h30m"],
    [["--image", "a", "--retry", "often", "--", "x"], "whole number"],
    [["--image", "a", "--retry-rule", "75", "--", "x"], "failures=action"],
    [["--image", "a", "--retry-rule", "75=larger", "--", "x"], "next_size"],
    [["--image", "a", "--retry-rule", "TERM=stop", "--", "x"], '"TERM" is no exit code'],
    [["--image", "a", "--retry-rule", "75=stop:soon", "--", "x"], '"soon" must be a duration'],
    [["--image", "a", "--retry-rule", "75=same_size", "--", "x"], "75=same_size needs --retry of 1 or more"],
    [["--image", "a", "--retry-rule", "SIGTERM=next_size", "--retry", "0", "--", "x"], "needs --retry"],
    [["--image", "a", "--retry-rule", "machine_lost,out_of_memory=next_size", "--", "x"], "needs --retry"],
    [["--image", "a", "--retry-wait", "10s", "--", "x"], "--retry-wait needs --retry of 1 or more"],
    [["--image", "a", "--concurrency", "=3", "--", "x"], "key=number"],
    [["--image", "a", "--strategy", "drop_new", "--", "x"], "--concurrency"],
    [["--image", "a", "--concurrency", "k", "--strategy", "wait", "--", "x"], "cancel_running"],
    [["--image", "a", "--priority", "high", "--", "x"], "whole number"],
    [["--image", "a", "--delay", "later", "--", "x"], "1h30m"],
    [["--image", "a", "--delay", "1m", "--run-at", "2026-12-24T18:00:00Z", "--", "x"], "--run-at"],
    [["--image", "a", "--run-at", "tomorrow", "--", "x"], "2026-12-24T18:00:00Z"],
    [["--image", "a", "--expires", "never", "--", "x"], "1h30m"],
    [["--image", "a", "--cpus", "two", "--", "x"], "whole number"],
    [["--image", "a", "--memory", "lots", "--", "x"], "512mb"],
    [["--image", "a", "--file", "in:out", "--", "x"], "/data/in.csv:./in.csv"],
    [["--image", "a", "--env", "=1", "--", "x"], "NAME=value"],
    [["--image", "a", "--env", "NOT_SET_HERE", "--", "x"], "not set here"],
    [["--image", "a", "--file", "/in:/does/not/exist", "--", "x"], "there is no such file"],
    [["--image", "a", "--tag", "k", "--", "x"], "key=value"],
    [["--image", "a", "--tag", "k=1", "--tag", "k=2", "--", "x"], '"k" is given twice'],
    [["--image", "a", "--tag", "k=1", "--tag", "k=1", "--", "x"], '"k" is given twice'],
    [
      ["--image", "a", "--tag", "__proto__=1", "--tag", "__proto__=2", "--", "x"],
      '"__proto__" is given twice',
    ],
    [["--image", "a", "--file", "/in:./a", "--file", "/in:./b", "--", "x"], '"/in" is given twice'],
    [["--image", "a", "--capture", "some", "--", "x"], "output, none"],
    [["--image", "a", "--idempotency-key", "a\nb", "--", "x"], "has a line break in it"],
    [["--image", "a", "--idempotency-key", "", "--", "x"], "1 to 255 characters"],
    [["--image", "a", "--sise", "x", "--", "x"], "--size"],
  ])("%j", async (args, named) => {
    const { exitCode, stderr, stdout } = await mayfly([
      "run",
      "--url",
      "http://127.0.0.1:9",
      "--token",
      "t",
      ...args,
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(named);
  });
});

test("the spec takes values from the environment, bytes from files and a script from stdin", async () => {
  const options = await parsed("--image", "a", "--env", "HERE", "--file", "/f:fake-io.ts", "--script", "-");
  const spec = await specOf(options, {
    ...fakeIo({ env: { HERE: "x y" }, stdin: "echo hi\n" }),
    cwd: `${import.meta.dirname}/support`,
  });
  expect(spec).toMatchObject({
    image: "a",
    env: { HERE: "x y" },
    script: "echo hi\n",
    files: [{ path: "/f", mode: "0644" }],
  });
  expect(spec.files?.[0]?.base64?.length).toBeGreaterThan(100);
  expect(spec.command).toBeUndefined();
});

test("a variable that is given again is not looked for in the environment", async () => {
  const options = await parsed("--image", "a", "--env", "NOT_SET_HERE", "--env", "NOT_SET_HERE=1", "--", "x");
  expect((await specOf(options, fakeIo())).env).toEqual({ NOT_SET_HERE: "1" });
});

test.each<[string, object | undefined]>([
  ["", undefined],
  ["--retry 2", { attempts: 3 }],
  [
    "--retry-wait 10s --retry-rule machine_lost=same_size",
    {
      backoff: { initial: "10s", max: "5m" },
      rules: [{ reasons: ["machine_lost"], exit_codes: [], signals: [], do: "same_size" }],
    },
  ],
  ["--retry 1 --retry-wait 1h", { attempts: 2, backoff: { initial: "1h", max: "1h" } }],
  [
    "--retry-rule machine_lost=stop",
    { rules: [{ reasons: ["machine_lost"], exit_codes: [], signals: [], do: "stop" }] },
  ],
])("the spec has of retries what %j asks for, and the rest is Mayfly's", async (words, expected) => {
  const options = await parsed("--image", "a", ...words.split(" ").filter((word) => word !== ""), "--", "x");
  const { retry } = await specOf(options, fakeIo());
  expect(retry).toEqual(expected);
  if (expected !== undefined)
    expect(runSpecSchema.safeParse({ image: "a", command: ["x"], retry }).success).toBe(true);
});

test("the spec has of its turn what is asked for, and Mayfly takes it", async () => {
  const words = "--concurrency k=2 --strategy cancel_running --priority 7 --delay 10m --expires 1h".split(
    " ",
  );
  const spec = await specOf(await parsed("--image", "a", ...words, "--", "x"), fakeIo());
  expect(spec).toMatchObject({
    concurrency: { key: "k", limit: 2, strategy: "cancel_running" },
    priority: 7,
    delay: "10m",
    expires: "1h",
  });
  expect(runSpecSchema.safeParse(JSON.parse(JSON.stringify(spec))).success).toBe(true);
});
