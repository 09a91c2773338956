import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeIo } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import {
  anEndedRun,
  aRun,
  cut,
  endEvent,
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

const cancels = () => stub.seen.filter(({ path }) => path === CANCEL).length;

test.each(["SIGINT", "SIGTERM"] as const)(
  "the first %s asks for a cancel and follows on to the end",
  async (signal) => {
    const io = fakeIo();
    const result = mayfly(RUN, stub, io);
    await vi.waitUntil(() => io.stdout.text() === "up\n");
    io.signals.emit(signal);
    // The same press, sent on by npm.
    io.signals.emit(signal);
    await vi.waitUntil(() => cancels() === 1);
    finish(outputEvent(2, "stdout", "bye\n") + endEvent(CANCELLED));
    const { exitCode, stdout, stderr } = await result;
    expect({ exitCode, stdout }).toEqual({ exitCode: signal === "SIGINT" ? 130 : 143, stdout: "up\nbye\n" });
    expect(stderr).toContain(`asking ${RUN_ID} to cancel; a second Ctrl-C leaves it running`);
    expect(stderr).toContain("the run was cancelled");
    expect(cancels()).toBe(1);
    expect(io.signals.listenerCount("SIGINT") + io.signals.listenerCount("SIGTERM")).toBe(0);
  },
);

test("the second Ctrl-C leaves the run alone and says how to find it", async () => {
  const io = fakeIo();
  const result = mayfly(RUN, stub, io);
  await vi.waitUntil(() => io.stdout.text() === "up\n");
  io.signals.emit("SIGINT");
  await vi.waitUntil(() => cancels() === 1);
  io.pass(1_000);
  io.signals.emit("SIGINT");
  const { exitCode, stderr } = await result;
  expect(exitCode).toBe(130);
  expect(stderr).toContain(`left ${RUN_ID} running; mayfly runs logs ${RUN_ID} --follow`);
  finish("");
});

test("a cancel that comes too late leaves the run's own end", async () => {
  stub.on(`POST ${CANCEL}`, problem(409, "run_is_final", "the run is succeeded already"));
  stub.on(`GET /v1/runs/${RUN_ID}`, json(anEndedRun()));
  const io = fakeIo();
  const result = mayfly(RUN, stub, io);
  await vi.waitUntil(() => io.stdout.text() === "up\n");
  io.signals.emit("SIGINT");
  await vi.waitUntil(() => cancels() === 1);
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
  await vi.waitUntil(() => cancels() === 1);
  finish(endEvent(CANCELLED));
  expect((await result).exitCode).toBe(130);
});

test("a cancel whose answer got lost is asked again", async () => {
  stub.on(`POST ${CANCEL}`, cut, json(aRun(), 202));
  const io = fakeIo();
  const result = mayfly(RUN, stub, io);
  await vi.waitUntil(() => io.stdout.text() === "up\n");
  io.signals.emit("SIGTERM");
  await vi.waitUntil(() => cancels() === 2);
  finish(endEvent(CANCELLED));
  expect((await result).exitCode).toBe(143);
});
