import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Interrupts } from "../../src/cli/interrupts.ts";
import { fakeIo, type Kept } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import {
  anEndedRun,
  aRun,
  cut,
  endEvent,
  events,
  type Handler,
  json,
  outputEvent,
  problem,
  RUN_ID,
  type StubMayfly,
  stubMayfly,
} from "./support/stub-mayfly.ts";

const CANCEL = `/v1/runs/${RUN_ID}/cancel`;
const RUN = ["run", "--image", "debian:12", "--", "x"];
const CANCELLED = anEndedRun({ status: "cancelled", reason: "cancelled_by_user", exit_code: null });

let stub: StubMayfly;
/** Lets the followed stream end. */
let finish: (ending: string) => void;

beforeEach(async () => {
  stub = await stubMayfly();
  const ending = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const running: Handler = async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(outputEvent(1, "stdout", "up\n"));
    response.end(await ending);
  };
  stub.on("POST /v1/runs", json(aRun(), 202));
  stub.on(`GET /v1/runs/${RUN_ID}/output`, running);
  stub.on(`GET /v1/runs/${RUN_ID}`, json(CANCELLED));
  stub.on(`POST ${CANCEL}`, json(aRun({ status: "running" }), 202));
});
afterEach(() => stub.close());

/** A busy computer takes its time. */
const until = (isSo: () => boolean) => vi.waitUntil(isSo, 20_000);
const cancels = () => stub.seen.filter(({ path }) => path === CANCEL).length;

test.each([
  ["SIGINT", 130, "a second Ctrl-C"],
  ["SIGTERM", 143, "Ctrl-C"],
  ["SIGHUP", 129, "Ctrl-C"],
] as const)("the first %s asks for a cancel and follows on to the end", async (signal, code, ctrlC) => {
  const io = fakeIo();
  const result = mayfly(RUN, stub, io);
  await until(() => io.stdout.text() === "up\n");
  io.signals.emit(signal);
  // The same press, sent on by npm.
  io.signals.emit(signal);
  await until(() => cancels() === 1);
  finish(outputEvent(2, "stdout", "bye\n") + endEvent(CANCELLED));
  const { exitCode, stdout, stderr } = await result;
  expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "up\nbye\n" });
  expect(stderr).toContain(`asking ${RUN_ID} to cancel and waiting for its end; ${ctrlC} ends the waiting`);
  expect(stderr).toContain("the run was cancelled");
  expect(cancels()).toBe(1);
  expect(io.signals.eventNames()).toEqual([]);
});

test("the second Ctrl-C waits no longer, and says that the cancel stands and how to see its end", async () => {
  const io = fakeIo();
  const result = mayfly(RUN, stub, io);
  await until(() => io.stdout.text() === "up\n");
  io.signals.emit("SIGINT");
  await until(() => cancels() === 1);
  io.pass(1_000);
  io.signals.emit("SIGINT");
  const { exitCode, stderr } = await result;
  expect(exitCode).toBe(130);
  expect(stderr).toContain(
    `${RUN_ID} is being cancelled, and nobody waits for it here; mayfly runs show ${RUN_ID} tells how it ends`,
  );
  expect(stderr).not.toContain("running");
  finish("");
});

test("a cancel that comes too late leaves the run's own end", async () => {
  stub.on(`POST ${CANCEL}`, problem(409, "run_is_final", "the run is succeeded already"));
  stub.on(`GET /v1/runs/${RUN_ID}`, json(anEndedRun()));
  const io = fakeIo();
  const result = mayfly(RUN, stub, io);
  await until(() => io.stdout.text() === "up\n");
  io.signals.emit("SIGINT");
  await until(() => cancels() === 1);
  finish(endEvent(anEndedRun()));
  const { exitCode, stderr } = await result;
  expect(exitCode).toBe(0);
  expect(stderr).not.toContain("not accepted");
});

test("a Ctrl-C before the run is accepted cancels it once it is", async () => {
  const io = fakeIo();
  stub.on("POST /v1/runs", (response, seen) => {
    io.signals.emit("SIGINT");
    return json(aRun(), 202)(response, seen);
  });
  const result = mayfly(RUN, stub, io);
  await until(() => cancels() === 1);
  finish(endEvent(CANCELLED));
  expect((await result).exitCode).toBe(130);
});

test("a cancel whose answer got lost is asked again", async () => {
  stub.on(`POST ${CANCEL}`, cut, json(aRun(), 202));
  const io = fakeIo();
  const result = mayfly(RUN, stub, io);
  await until(() => io.stdout.text() === "up\n");
  io.signals.emit("SIGTERM");
  await until(() => cancels() === 2);
  finish(endEvent(CANCELLED));
  expect((await result).exitCode).toBe(143);
});

describe("a reader that goes away", () => {
  const goneAfter = (writes: number, stream: Kept, code = "EPIPE") => {
    const kept = stream._write.bind(stream);
    stream.on("error", () => undefined);
    stream._write = (chunk, encoding, done) =>
      writes-- > 0 ? kept(chunk, encoding, done) : done(Object.assign(new Error("gone"), { code }));
  };

  test("asks for a cancel, says why, waits for the end and ends with 141, as a command here would", async () => {
    const io = fakeIo();
    goneAfter(0, io.stdout);
    const result = mayfly(RUN, stub, io);
    await until(() => cancels() === 1);
    finish(outputEvent(2, "stdout", "more\n") + outputEvent(3, "stderr", "heard\n") + endEvent(CANCELLED));
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(141);
    expect(stderr).toBe(
      `mayfly: its output is read no more: asking ${RUN_ID} to cancel and waiting for its end; Ctrl-C ends the waiting\nheard\nmayfly: the run was cancelled\n`,
    );
    expect(cancels()).toBe(1);
  });

  test.each(["EPIPE", "EIO"])("cancels too where not even that can be said any more (%s)", async (code) => {
    const io = fakeIo();
    goneAfter(0, io.stdout, code);
    goneAfter(0, io.stderr, code);
    const result = mayfly(RUN, stub, io);
    await until(() => cancels() === 1);
    finish(endEvent(CANCELLED));
    expect((await result).exitCode).toBe(141);
  });
});

describe("with Mayfly gone", () => {
  /** Everything is refused as by a dead server, but the stream that is followed: that breaks off. */
  async function interruptedAndGone() {
    const io = fakeIo();
    const result = mayfly(RUN, stub, io);
    await until(() => io.stdout.text() === "up\n");
    await stub.close();
    io.signals.emit("SIGINT");
    await until(() => io.stderr.text().includes("not accepted yet"));
    return { io, result };
  }

  test("a Ctrl-C says at once that it is not reached, how long it is tried, and what a second one does", async () => {
    const { io, result } = await interruptedAndGone();
    expect(io.stderr.text()).toContain(
      `the cancel is not accepted yet: nothing answers at ${stub.url}; trying again for up to 10m 00s; a second Ctrl-C leaves ${RUN_ID} as it is and ends this command`,
    );
    io.pass(1_000);
    io.signals.emit("SIGINT");
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(130);
    expect(stderr).toContain(
      `left ${RUN_ID} as it is, and it may not know of the cancel; mayfly runs cancel ${RUN_ID}`,
    );
    expect(stderr.match(/not accepted yet/g)?.length, "said once").toBe(1);
  });

  test("the cancel is asked for when it is back, however long that took", async () => {
    const { io, result } = await interruptedAndGone();
    io.pass(9 * 60_000);
    const asked = stubMayfly(Number(new URL(stub.url).port));
    stub = await asked;
    stub.on(`POST ${CANCEL}`, json(aRun({ status: "running" }), 202));
    stub.on(`GET /v1/runs/${RUN_ID}/output`, async (response, seen) => {
      await until(() => cancels() === 1);
      await events(endEvent(CANCELLED))(response, seen);
    });
    stub.on(`GET /v1/runs/${RUN_ID}`, json(CANCELLED));
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(130);
    expect(stderr).toContain(`the connection to ${stub.url} is back`);
    expect(stderr).toContain("the cancel is accepted");
    expect(stderr).toContain("the run was cancelled");
  });

  test("ten minutes later it gives up and says that the run may go on", async () => {
    const { io, result } = await interruptedAndGone();
    io.pass(11 * 60_000);
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(125);
    expect(stderr).toContain("was not reached for 10m 00s; the run may go on");
  });

  test("a second Ctrl-C leaves at once while the final run is asked for", async () => {
    const io = fakeIo();
    stub.on(`GET /v1/runs/${RUN_ID}`, () => new Promise(() => undefined));
    const result = mayfly(RUN, stub, io);
    await until(() => io.stdout.text() === "up\n");
    finish(endEvent(CANCELLED));
    await until(() => stub.seen.some(({ path }) => path === `/v1/runs/${RUN_ID}`));
    io.signals.emit("SIGINT");
    io.pass(1_000);
    io.signals.emit("SIGINT");
    expect((await result).exitCode).toBe(130);
  });
});

test("a Ctrl-C while the run is being submitted says what it will do, and a second one stops", async () => {
  const io = fakeIo();
  stub.on("POST /v1/runs", () => new Promise(() => undefined));
  const result = mayfly(RUN, stub, io);
  await until(() => stub.seen.length === 1);
  io.signals.emit("SIGINT");
  await until(() =>
    io.stderr.text().includes("the run is cancelled once it is accepted; a second Ctrl-C stops here"),
  );
  io.pass(1_000);
  io.signals.emit("SIGINT");
  expect(await result).toMatchObject({
    exitCode: 130,
    stderr: expect.stringContaining("stopped; the run may have been accepted"),
  });
});

test("with --detach, which follows nothing, the first Ctrl-C stops", async () => {
  const io = fakeIo();
  stub.on("POST /v1/runs", () => new Promise(() => undefined));
  const result = mayfly(["run", "--detach", ...RUN.slice(1)], stub, io);
  await until(() => stub.seen.length === 1);
  io.signals.emit("SIGINT");
  expect(await result).toMatchObject({
    exitCode: 130,
    stderr: expect.stringContaining("stopped; the run may have been accepted"),
  });
});

test("keys pressed in a hurry count all the same, and what npm sends on counts as one", () => {
  const io = fakeIo({ now: () => now });
  let now = 0;
  const interrupts = new Interrupts(io);
  for (const at of [0, 1, 200, 299]) {
    now = at;
    io.signals.emit("SIGINT");
  }
  expect(interrupts.again.aborted).toBe(false);
  now = 400;
  io.signals.emit("SIGINT");
  expect(interrupts.again.aborted).toBe(true);
  interrupts.stop();
});
