import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunBody } from "../../src/api/run-schema.ts";
import { fakeIo, Kept } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import {
  anAttempt,
  anEndedRun,
  aRun,
  brokenEvents,
  cut,
  endEvent,
  events,
  json,
  outputEvent,
  problem,
  RUN_ID,
  type StubMayfly,
  stubMayfly,
} from "./support/stub-mayfly.ts";

let stub: StubMayfly;
beforeEach(async () => {
  stub = await stubMayfly();
});
afterEach(() => stub.close());

const OUTPUT = `GET /v1/runs/${RUN_ID}/output`;
const SHOW = `GET /v1/runs/${RUN_ID}`;
const RUN = ["run", "--image", "debian:12", "--", "x"];

/** A Mayfly that accepts a run, streams the given pieces and then shows how it ended. */
function accepting(ended: RunBody, ...pieces: (string | Uint8Array)[]): void {
  stub.on("POST /v1/runs", json(aRun(), 202));
  stub.on(OUTPUT, events(...pieces, endEvent(ended)));
  stub.on(SHOW, json(ended));
}

test("stdout goes to stdout, stderr to stderr, and the exit code is the command's", async () => {
  accepting(
    anEndedRun({ status: "failed", reason: "exit_code", exit_code: 7 }),
    outputEvent(1, "stdout", "out\n"),
    outputEvent(2, "stderr", "err\n"),
  );
  const { exitCode, stdout, stderr } = await mayfly(RUN, stub);
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 7, stdout: "out\n", stderr: "err\n" });
  expect(stub.seen[0]?.headers.authorization).toBe("Bearer t0ken");
  expect(stub.seen[0]?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
});

test("bytes arrive as they were written, wherever the stream is cut", async () => {
  const bytes = [randomBytes(999), Buffer.from([0, 255, 10, 13]), Buffer.from("héllo ☃ \ufeff")];
  const stream = Buffer.from(
    [
      ": waiting\r\n\r\n",
      "retry: 10\n\n",
      ...bytes.map((part, index) => outputEvent(index + 1, "stdout", part)),
      outputEvent(4, "stdout", "☃\ufeff\u2028 text\r\n\u0000\u001b[31m"),
      outputEvent(5, "stdout", "crlf").replaceAll("\n", "\r\n"),
    ].join(""),
  );
  const expected = Buffer.concat([...bytes, Buffer.from("☃\ufeff\u2028 text\r\n\u0000\u001b[31mcrlf")]);
  for (const size of [1, 2, 3, 7, 64, 1000]) {
    const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
      stream.subarray(index * size, (index + 1) * size),
    );
    accepting(anEndedRun(), ...pieces);
    const { io, exitCode } = await mayfly(RUN, stub);
    expect(exitCode).toBe(0);
    expect(io.stdout.bytes().equals(expected), `cut into pieces of ${size}`).toBe(true);
  }
});

test("a connection that has carried its share is followed by another, without a word", async () => {
  const ended = anEndedRun();
  accepting(ended);
  const share = "event: resume\ndata: {}\n\n";
  stub.on(
    OUTPUT,
    events(outputEvent(1, "stdout", "one\n"), outputEvent(2, "stdout", "two\n"), share),
    events(outputEvent(3, "stdout", "three\n"), share),
    events(endEvent(ended)),
  );
  const { exitCode, stdout, stderr } = await mayfly(RUN, stub);
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "one\ntwo\nthree\n", stderr: "" });
  const resumed = stub.seen
    .filter((call) => `${call.method} ${call.path}` === OUTPUT)
    .map((call) => call.headers["last-event-id"]);
  expect(resumed).toEqual([undefined, "1.2", "1.3"]);
});

test("a broken connection is taken up again after the last piece, with nothing lost or doubled", async () => {
  const ended = anEndedRun();
  accepting(ended);
  const half = outputEvent(3, "stdout", "three\n");
  stub.on(
    OUTPUT,
    brokenEvents(outputEvent(1, "stdout", "one\n"), outputEvent(2, "stdout", "two\n"), half.slice(0, 30)),
    cut,
    problem(503, "unavailable", "starting"),
    // A server that goes back too far repeats what is known.
    brokenEvents(outputEvent(2, "stdout", "two\n"), half),
    events(outputEvent(4, "stdout", "four\n"), endEvent(ended)),
  );
  const { exitCode, stdout, stderr } = await mayfly(RUN, stub);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "one\ntwo\nthree\nfour\n" });
  expect(stderr.match(/was lost; trying again for up to 10m 00s, the run goes on/g)?.length).toBe(2);
  expect(stderr.match(/is back/g)?.length).toBe(2);
  const resumed = stub.seen
    .filter(({ path }) => path.endsWith("/output"))
    .map(({ headers }) => headers["last-event-id"]);
  expect(resumed).toEqual([undefined, "1.2", "1.2", "1.2", "1.3"]);
});

test("a slow reader of stdout gets all of it in order", async () => {
  const parts = Array.from({ length: 40 }, () => randomBytes(20_000));
  accepting(anEndedRun(), ...parts.map((part, index) => outputEvent(index + 1, "stdout", part)));
  const io = fakeIo({ stdout: new Kept(2) });
  await mayfly(RUN, stub, io);
  const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  expect(hash(io.stdout.bytes())).toBe(hash(Buffer.concat(parts)));
});

describe("how the run ended is how the command ends", () => {
  const started = [anAttempt()];
  const neverStarted = [anAttempt({ started_at: null })];
  test.each<[string, Partial<RunBody>, number, string]>([
    ["success", {}, 0, ""],
    ["its own code", { status: "failed", reason: "exit_code", exit_code: 255 }, 255, ""],
    [
      "SIGKILL",
      { status: "failed", reason: "signal", signal: "SIGKILL", exit_code: 137 },
      137,
      "ended by SIGKILL",
    ],
    [
      "SIGTERM",
      { status: "failed", reason: "signal", signal: "SIGTERM", exit_code: null },
      143,
      "ended by SIGTERM",
    ],
    [
      "out of memory",
      {
        status: "failed",
        reason: "out_of_memory",
        signal: "SIGKILL",
        oom_killed: true,
        detail: "the machine has 256 MB of memory",
      },
      137,
      "256 MB",
    ],
    [
      "the run limit",
      { status: "failed", reason: "timed_out", detail: "still running after 2s", attempts: started },
      124,
      "still running after 2s",
    ],
    [
      "the boot limit",
      { status: "failed", reason: "timed_out", detail: "not up within 2m", attempts: neverStarted },
      125,
      "not up within 2m",
    ],
    [
      "the queue limit",
      { status: "failed", reason: "timed_out", detail: null, attempts: [] },
      125,
      "a time limit passed",
    ],
    [
      "no such command",
      { status: "failed", reason: "command_not_found", exit_code: 127, detail: "there is no foo" },
      127,
      "there is no foo",
    ],
    [
      "not executable",
      { status: "failed", reason: "command_not_found", exit_code: 126, detail: "it may not be executed" },
      126,
      "may not be executed",
    ],
    [
      "no capacity",
      { status: "failed", reason: "no_capacity", attempts: neverStarted },
      125,
      "no host had room",
    ],
    [
      "no image",
      { status: "failed", reason: "image_unavailable", detail: "manifest unknown" },
      125,
      "manifest unknown",
    ],
    [
      "refused",
      { status: "failed", reason: "launch_refused", detail: "invalid config" },
      125,
      "invalid config",
    ],
    ["lost", { status: "failed", reason: "machine_lost", attempts: started }, 125, "was lost"],
    [
      "dropped",
      { status: "cancelled", reason: "dropped", detail: "another run has it" },
      125,
      "no slot was free",
    ],
    [
      "expired",
      { status: "cancelled", reason: "expired", detail: "not after 1h" },
      125,
      "waited for too long",
    ],
    [
      "superseded",
      { status: "cancelled", reason: "superseded", detail: "the newer run run_x took its place" },
      143,
      "newer run",
    ],
    ["cancelled by somebody else", { status: "cancelled", reason: "cancelled_by_user" }, 143, "cancelled"],
  ])("%s", async (_, changes, code, said) => {
    accepting(anEndedRun({ exit_code: null, ...changes }));
    const { exitCode, stdout, stderr } = await mayfly(RUN, stub);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
    expect(stderr.split("\n").length, "one line, or none where the code says all").toBe(said === "" ? 1 : 2);
    expect(stderr).toContain(said);
  });
});

test("a text of the server can not act on the terminal", async () => {
  accepting(
    anEndedRun({
      status: "failed",
      reason: "launch_refused",
      exit_code: null,
      detail: "no\u001b[2J\n\u009b31m\u202eevil",
    }),
  );
  const { stderr } = await mayfly(RUN, stub);
  expect(stderr).toContain("no\\e[2J\\n\\x9b31m\\u202eevil\n");
});

test("missing and dropped output is said", async () => {
  accepting(anEndedRun({ output: { stdout_bytes: 1, stderr_bytes: 0, dropped_bytes: 12, complete: true } }));
  expect((await mayfly(RUN, stub)).stderr).toContain("12 bytes of output are past the cap");
});

test("--json prints the final run alone", async () => {
  accepting(
    anEndedRun({ status: "failed", reason: "exit_code", exit_code: 3 }),
    outputEvent(1, "stdout", "noise"),
    outputEvent(2, "stderr", "noise"),
  );
  const { exitCode, stdout, stderr } = await mayfly(["run", "--json", ...RUN.slice(1)], stub);
  expect(JSON.parse(stdout)).toMatchObject({ id: RUN_ID, exit_code: 3 });
  expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: "" });
});

test("--detach prints the id alone to stdout and follows nothing", async () => {
  accepting(anEndedRun());
  const { exitCode, stdout, stderr } = await mayfly(["run", "--detach", ...RUN.slice(1)], stub);
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 0,
    stdout: `${RUN_ID}\n`,
    stderr: `${stub.url}/runs/${RUN_ID}\n`,
  });
  expect(stub.seen.length).toBe(1);
});

test("a submit whose answer got lost is repeated with the same key and body", async () => {
  accepting(anEndedRun());
  stub.on("POST /v1/runs", cut, problem(500, "internal", "oops"), json(aRun(), 200));
  expect((await mayfly(RUN, stub)).exitCode).toBe(0);
  const submits = stub.seen.filter(({ method }) => method === "POST");
  expect(submits.length).toBe(3);
  expect(new Set(submits.map(({ headers, body }) => `${headers["idempotency-key"]} ${body}`)).size).toBe(1);
});

describe("what Mayfly refuses is said in the words of the command line", () => {
  test.each<[number, string, string | null, string, number, string]>([
    [
      422,
      "invalid_input",
      "machine.memory_mb",
      "100 MB are not possible",
      2,
      "--memory: 100 MB are not possible",
    ],
    [422, "invalid_input", "concurrency.key", "asks for {name}", 2, "--concurrency: asks for {name}"],
    [422, "invalid_input", "run_at", "must be a time", 2, "--run-at: must be a time"],
    [422, "invalid_input", "env.1X", "must be a name", 2, "--env: must be a name"],
    [409, "idempotency_conflict", null, "the key was used", 2, "--idempotency-key"],
    [413, "body_too_large", null, "at most 1048576 bytes", 2, "at most 1048576 bytes"],
    [401, "unauthorized", "header.authorization", "the API token is not right", 125, "MAYFLY_TOKEN"],
  ])("%i %s %s", async (status, code, path, message, exit, said) => {
    stub.on("POST /v1/runs", problem(status, code, message, path));
    const { exitCode, stderr } = await mayfly(RUN, stub);
    expect(exitCode).toBe(exit);
    expect(stderr).toContain(said);
    expect(stub.seen.length, "a refusal is not repeated").toBe(1);
  });
});

test("where nothing answers it says how to start it, and ends with 125", async () => {
  const url = stub.url;
  await stub.close();
  const { exitCode, stderr } = await mayfly(["run", "--url", url, "--token", "t", ...RUN.slice(1)]);
  expect(exitCode).toBe(125);
  expect(stderr).toBe(
    `mayfly: nothing answers at ${url}\n        is Mayfly running? \`npm start\` starts it\n`,
  );
  stub = await stubMayfly();
});

test("at a terminal a status line shows until output begins, and nothing of it stays", async () => {
  accepting(anEndedRun());
  stub.on(OUTPUT, async (response, seen) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await events(outputEvent(1, "stdout", "hi\n"), endEvent(anEndedRun()))(response, seen);
  });
  stub.on(
    SHOW,
    json(aRun({ status: "starting", attempts: [anAttempt({ created_at: null, started_at: null })] })),
    json(anEndedRun()),
  );
  const { stderr, stdout } = await mayfly(RUN, stub, fakeIo({ stderrIsTty: true }));
  expect(stderr).toContain("queued");
  expect(stderr.endsWith("\r\u001b[K")).toBe(true);
  expect(stdout).toBe("hi\n");
});

test("at a terminal the status line says for how many others a run waits", async () => {
  const waiting = {
    for: "concurrency" as const,
    key: "deploy-prod",
    limit: 1,
    place: 2,
    running: 1,
    since: "2026-11-21T10:00:00.000Z",
    until: "2026-11-22T10:00:00.000Z",
  };
  accepting(anEndedRun());
  stub.on("POST /v1/runs", json(aRun({ waiting }), 202));
  stub.on(OUTPUT, async (response, seen) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await events(endEvent(anEndedRun()))(response, seen);
  });
  const { stderr } = await mayfly(RUN, stub, fakeIo({ stderrIsTty: true }));
  expect(stderr).toContain("waiting for 2 others in deploy-prod");
});

test("a run that waits for its app's turn says so in the status line", async () => {
  const waiting = {
    for: "launch" as const,
    key: null,
    limit: null,
    place: null,
    running: null,
    since: "2026-11-21T10:00:00.000Z",
    until: "2026-11-21T10:00:12.000Z",
  };
  const run = aRun({ status: "starting", attempts: [anAttempt({ created_at: null })], waiting });
  stub.on("POST /v1/runs", json(run, 201));
  stub.on(OUTPUT, async (response, seen) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await events(endEvent(anEndedRun()))(response, seen);
  });
  stub.on(SHOW, json(run), json(anEndedRun()));
  const { stderr } = await mayfly(RUN, stub, fakeIo({ stderrIsTty: true }));
  expect(stderr).toContain("its machine is asked for");
});
