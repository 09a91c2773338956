import { describe, expect, it } from "vitest";
import { Driver } from "../../src/flow/driver.ts";
import type { ExecResult, Machines } from "../../src/flow/ports.ts";
import { aRunningRun, T0 } from "../support/a-run.ts";
import { driverHost } from "../support/driver-host.ts";
import { memoryStore } from "../support/memory-store.ts";
import { runnerReply } from "../support/runner-reply.ts";

const STILL_RUNS: ExecResult = {
  kind: "ran",
  exitCode: 0,
  stdout: runnerReply({ stdoutSize: 0, code: null }),
  stderr: "",
};

/** A driver at work on a running run, each of whose polls is answered by the test. */
function aDriver() {
  const { store, state } = memoryStore(aRunningRun().state);
  const polls: ((result: ExecResult) => void)[] = [];
  let onCall = () => {};
  const calls: string[] = [];
  const told = (call: string) => {
    calls.push(call);
    onCall();
  };
  const machines: Partial<Machines> = {
    exec: () => {
      told("exec");
      return new Promise((resolve) => polls.push(resolve));
    },
    signal: async (_id, signal) => {
      told(signal);
      return { kind: "done" };
    },
  };
  const driver = new Driver(driverHost(state().run.id, T0 + 2000, store, machines));
  /** Once so many calls were made. */
  const untilCalled = (times: number) =>
    new Promise<void>((resolve) => {
      onCall = () => {
        if (calls.length >= times) resolve();
      };
      onCall();
    });
  return { driver, store, state, polls, calls, untilCalled };
}

describe("a driver at work", () => {
  it("that did not hear of a cancel finds it when somebody comes by", async () => {
    const { driver, store, state, polls, calls, untilCalled } = aDriver();
    driver.ensureDriving();
    await untilCalled(1);
    // The nudge that belongs to it is lost.
    await store.record(state(), [{ type: "cancel_requested", at: T0 + 2000 }], []);
    driver.wake();
    polls[0]?.(STILL_RUNS);
    await untilCalled(2);
    expect(calls).toEqual(["exec", "SIGTERM"]);
  });

  it("goes on as it was where somebody comes by and nothing has changed", async () => {
    const { driver, polls, calls, untilCalled } = aDriver();
    driver.ensureDriving();
    await untilCalled(1);
    driver.wake();
    polls[0]?.(STILL_RUNS);
    await untilCalled(2);
    expect(calls).toEqual(["exec", "exec"]);
  });
});
