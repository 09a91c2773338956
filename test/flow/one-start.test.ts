import { describe, expect, it } from "vitest";
import type { MachineEvent, MachineState } from "../../src/core/machine.ts";
import { attemptOfStart, scheduledMachineConfig } from "../../src/core/plan.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import type { Machines } from "../../src/flow/ports.ts";
import { aQueuedRun, followedBy, T0 } from "../support/a-run.ts";
import { NAME, world } from "../support/flow-world.ts";
import { runnerReply } from "../support/runner-reply.ts";

const JOB = { name: "j", version: 1, input: "{}" };
const STARTED_AT = T0 - 20_000;

const started = (at: number): MachineEvent => ({
  ...{ type: "start", status: "started", source: "flyd", at, exit: null },
});
const exited = (at: number, code: number): MachineEvent => ({
  ...{ type: "exit", status: "stopped", source: "flyd", at },
  exit: { code, signal: null, oomKilled: false, requestedStop: false, at },
});

/** A run that is a start of a schedule's machine, with that machine as the test says it is. */
function aStart(change: Partial<RunSpec>, machines: (fly: Fly) => Partial<Machines>) {
  const queued = aQueuedRun(change, T0, null, JOB);
  const config = scheduledMachineConfig(queued.state.run.spec, JOB, "s", "mayfly-fly-x", null);
  const start = {
    machineName: "mayfly-fly-x",
    machineId: NAME,
    machineConfig: config,
    app: "one",
    region: null,
  };
  const story = followedBy(queued, ...attemptOfStart({ ...start, startedAt: STARTED_AT }, T0));
  const fly: Fly = { events: [started(STARTED_AT)], state: "started" };
  const get: Machines["get"] = async () => ({
    kind: "found",
    machine: { id: NAME, name: NAME, region: null, createdAt: T0 - 30_000, metadata: {}, ...fly },
  });
  return { fly, ...world(story, T0, { get, ...machines(fly) }) };
}

interface Fly {
  /** Newest first. */
  events: MachineEvent[];
  state: MachineState;
}

function stops(fly: Fly, at: number, code: number): { kind: "done" } {
  fly.events = [exited(at, code), ...fly.events];
  fly.state = "stopped";
  return { kind: "done" };
}

describe("a run that is one start of a schedule's machine", () => {
  it("has its output, lets the machine stop, and leaves it there for the next start", async () => {
    const { until, calls, events, state } = aStart({}, (fly) => ({
      exec: async () => ({
        kind: "ran",
        exitCode: 0,
        stdout: runnerReply({ stdoutSize: 3, stdout: "hi\n", code: 3 }),
        stderr: "",
      }),
      signal: async () => stops(fly, T0 + 10, 3),
      wait: async () => ({ kind: "reached" }),
    }));
    await until(() => !state().run.open);
    expect(state().run).toMatchObject({ status: "failed", reason: "exit_code", exit: { code: 3 } });
    expect(state().run.output).toMatchObject({ stdoutBytes: 3, complete: true });
    expect(calls).not.toContain("destroy");
    expect(events().at(-1)).toMatchObject({
      type: "machine_released",
      events: [{ at: STARTED_AT }, { at: T0 + 10 }],
    });
  });

  it("that is over when it is noticed has its exit, and tells that its output is lost", async () => {
    const { fly, until, calls, state } = aStart({}, () => ({}));
    fly.events = [exited(STARTED_AT + 900, 0), ...fly.events];
    fly.state = "stopped";
    await until(() => !state().run.open);
    expect(state().run).toMatchObject({ status: "succeeded", output: { stdoutBytes: 0, complete: false } });
    expect(state().attempts[0]?.exitedAt).toBe(STARTED_AT + 900);
    expect(new Set(calls)).toEqual(new Set(["get"]));
  });

  it("reads, signals and stops nothing of a later start", async () => {
    for (const spec of [{}, { capture: "none" as const }]) {
      const { fly, until, calls, state } = aStart(spec, () => ({}));
      fly.events = [started(T0 - 1000), exited(STARTED_AT + 900, 7), ...fly.events];
      await until(() => !state().run.open);
      expect(state().run).toMatchObject({ status: "failed", exit: { code: 7 } });
      expect(new Set(calls)).toEqual(new Set(["get"]));
    }
  });

  it("whose host was lost, so that no exit is told, is tried again on a machine of its own where it may be", async () => {
    const { fly, until, state } = aStart({}, () => ({}));
    fly.events = [started(T0 - 1000), ...fly.events];
    await until(() => state().attempts.length === 2);
    expect(state().attempts[0]).toMatchObject({ reason: "machine_lost" });
    expect(state().attempts[1]).toMatchObject({ machineId: null, machineName: expect.stringMatching(/-2$/) });
    expect(state().attempts[1]?.machineConfig.startedByFlyAt).toBeUndefined();
  });

  it("that is cancelled and does not end is killed, and its machine stays", async () => {
    const { until, calls, events, state, ports, drive } = aStart({}, (fly) => ({
      exec: async () => ({
        kind: "ran",
        exitCode: 0,
        stdout: runnerReply({ stdoutSize: 0, code: null }),
        stderr: "",
      }),
      signal: async () => ({ kind: "done" }),
      stop: async () => stops(fly, T0 + 60_000, 137),
      wait: async () => ({ kind: "reached" }),
    }));
    await drive.remember(ports, {
      events: [{ type: "cancel_requested", at: T0 }],
      chunks: [],
      pauseMs: 0,
    });
    // The read of output waits in the Machine, which this one does not play.
    const { clock } = ports;
    let now = T0;
    ports.clock = {
      now: () => {
        now += 500;
        return Math.max(clock.now(), now);
      },
    };
    await until(() => !state().run.open, 200);
    expect(state().run.status).toBe("cancelled");
    expect(calls).toContain("stop");
    expect(calls).not.toContain("destroy");
    expect(events().at(-1)?.type).toBe("machine_released");
  });

  it("of an image that runs as it is, is waited for until it stops", async () => {
    const { until, calls, state } = aStart({ capture: "none" }, (fly) => ({
      wait: async (_id, wanted) => {
        expect(wanted).toBe("stopped");
        stops(fly, T0 + 5000, 0);
        return { kind: "reached" };
      },
    }));
    await until(() => !state().run.open);
    expect(state().run.status).toBe("succeeded");
    expect(calls).not.toContain("destroy");
  });
});
