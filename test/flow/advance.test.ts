import { describe, expect, it } from "vitest";
import {
  CREATE_LOOKUP_PAUSE_MS,
  CREATE_WORD_HEARD_MS,
  LAST_LOOKS_MAX,
  NEVER_ASKED_BEFORE_MS,
} from "../../src/core/limits.ts";
import type { MachineEvent, MachineState } from "../../src/core/machine.ts";
import { failed } from "../../src/core/outcome.ts";
import { endOfAttempt } from "../../src/core/retry.ts";
import { Drive } from "../../src/flow/drive.ts";
import { advance } from "../../src/flow/flow.ts";
import type { CreateResult, Machines } from "../../src/flow/ports.ts";
import { aBootingRun, aRunningRun, aSpec, aStartingRun, followedBy, T0 } from "../support/a-run.ts";
import { aMachine, exitCode, NAME, world } from "../support/flow-world.ts";
import { runnerReply } from "../support/runner-reply.ts";

/** A machine that has not started yet, and is gone once it is destroyed. */
const GOES: Partial<Machines> = {
  wait: async (_id, waitedFor) => ({ kind: waitedFor === "destroyed" ? "reached" : "not_yet" }),
  destroy: async () => ({ kind: "done" }),
  get: async () => ({ kind: "found", machine: aMachine("destroyed") }),
};

const LONG_AFTER = T0 + 2_000_000;

describe("a limit that passed while nobody looked", () => {
  it("does not hide that the command had ended well, nor its output", async () => {
    const { until, state, final } = world(aRunningRun(), LONG_AFTER, {
      exec: async () => ({
        kind: "ran",
        exitCode: 0,
        stdout: runnerReply({ stdoutSize: 3, stdout: "hi\n", code: 0 }),
        stderr: "",
      }),
    });
    await until(final);
    expect(state().run).toMatchObject({
      status: "succeeded",
      exit: { code: 0 },
      output: { stdoutBytes: 3, complete: true },
    });
  });

  it("ends a command that still runs, with what it wrote by then", async () => {
    const { until, state, final } = world(aRunningRun(), LONG_AFTER, {
      exec: async () => ({
        kind: "ran",
        exitCode: 0,
        stdout: runnerReply({ stdoutSize: 3, stdout: "hi\n", code: null }),
        stderr: "",
      }),
    });
    await until(final);
    expect(state().run).toMatchObject({
      status: "failed",
      reason: "timed_out",
      output: { stdoutBytes: 3, complete: false },
    });
  });

  it("does not hide that the machine was started in time", async () => {
    const { until, state, final } = world(aBootingRun(), LONG_AFTER, {
      get: async () => ({ kind: "found", machine: aMachine("started") }),
      exec: async () => ({
        kind: "ran",
        exitCode: 0,
        stdout: runnerReply({ stdoutSize: 0, code: 5 }),
        stderr: "",
      }),
    });
    await until(final);
    expect(state().run).toMatchObject({ status: "failed", reason: "exit_code", exit: { code: 5 } });
  });

  it("does not hide a machine that was made before the worker went down", async () => {
    const { until, state, calls } = world(aStartingRun(), T0 + 4_000_000, {
      find: async () => ({ kind: "found", machine: aMachine("started") }),
    });
    await until(() => state().attempts[0]?.machineId != null);
    expect(calls).toEqual(["find"]);
  });

  it("does not hide that a machine without a runner ended by itself before it was told to stop", async () => {
    const { until, state, final } = world(aRunningRun({ capture: "none" }), LONG_AFTER, {
      stop: async () => ({ kind: "gone" }),
      wait: async () => ({ kind: "gone" }),
      get: async () => ({ kind: "found", machine: aMachine("destroyed", exitCode(0)) }),
    });
    await until(final);
    expect(state().run).toMatchObject({ status: "succeeded", exit: { code: 0 } });
  });
});

describe("a last look", () => {
  it("that comes to no answer is made again, a few times", async () => {
    let unheard = 3;
    const { until, state, final, calls } = world(aRunningRun(), LONG_AFTER, {
      exec: async () => {
        unheard -= 1;
        return unheard >= 0
          ? { kind: "failed", error: "504" }
          : {
              kind: "ran",
              exitCode: 0,
              stdout: runnerReply({ stdoutSize: 3, stdout: "hi\n", code: 0 }),
              stderr: "",
            };
      },
      get: async () => ({ kind: "failed", error: "504" }),
    });
    await until(final);
    expect(calls.filter((call) => call === "exec")).toHaveLength(4);
    expect(state().run).toMatchObject({ status: "succeeded", output: { stdoutBytes: 3, complete: true } });
  });

  it("is not made for ever", async () => {
    const { until, state, calls } = world(aBootingRun(), LONG_AFTER, {
      get: async () => ({ kind: "failed", error: "504" }),
    });
    await until(() => state().attempts[0]?.settledAt !== null);
    expect(calls).toEqual(Array.from({ length: LAST_LOOKS_MAX }, () => "get"));
    expect(state().attempts[0]).toMatchObject({ reason: "timed_out", limit: "boot" });
  });

  it("at a machine that is gone tells that it is lost, not that its command still runs", async () => {
    const { until, state } = world(aRunningRun(), LONG_AFTER, {
      exec: async () => ({ kind: "not_running" }),
      get: async () => ({ kind: "absent" }),
    });
    await until(() => state().attempts[0]?.settledAt !== null);
    expect(state().attempts[0]).toMatchObject({ reason: "machine_lost" });
  });
});

describe("a machine whose creation somebody else's event came before", () => {
  it("is known by its id all the same, and destroyed where that was a cancel", async () => {
    const { ports, drive, until, state, calls, released } = world(
      aStartingRun(),
      T0 + 10,
      {
        create: async () => {
          await ports.store.record(state(), [{ type: "cancel_requested", at: T0 + 10 }], []);
          return { kind: "created", machine: aMachine("created") };
        },
        ...GOES,
      },
      true,
    );
    await until(released);
    expect(calls).not.toContain("find");
    expect(calls).toContain("destroy");
    expect(drive.state.attempts[0]?.machineId).toBe(NAME);
    expect(state().run).toMatchObject({ status: "cancelled" });
  });

  it("is destroyed, too, where the run was settled meanwhile", async () => {
    const { ports, until, state, calls, released } = world(
      aStartingRun(),
      T0 + 10,
      {
        create: async () => {
          const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: false };
          const ending = {
            status: "cancelled" as const,
            reason: "cancelled_by_user" as const,
            limit: null,
            detail: null,
          };
          await ports.store.record(
            state(),
            [{ type: "settled", at: T0 + 10, ...ending, exit: null, output }],
            [],
          );
          return { kind: "created", machine: aMachine("created") };
        },
        ...GOES,
      },
      true,
    );
    await until(released);
    expect(calls).not.toContain("find");
    expect(calls).toContain("destroy");
  });

  it("is destroyed, too, where the attempt was given up meanwhile and another will follow", async () => {
    const { ports, until, state, calls } = world(
      aStartingRun(),
      T0 + 10,
      {
        create: async () => {
          const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: false };
          const end = endOfAttempt(state(), failed("no_capacity", "no room"), null, output, T0 + 10);
          await ports.store.record(state(), [end], []);
          return { kind: "created", machine: aMachine("created") };
        },
        ...GOES,
      },
      true,
    );
    await until(() => state().attempts[0]?.releasedAt != null);
    expect(state().run.status).toBe("retrying");
    expect(calls).not.toContain("find");
    expect(calls).toContain("destroy");
  });
});

describe("a late answer", () => {
  it("that a machine is unknown is no proof alone, though the clock went back meanwhile", async () => {
    const { ports, drive, until, state, calls } = world(aRunningRun(), T0 + 20_000, {
      exec: async () => ({ kind: "not_running" }),
      get: async () => {
        const now = ports.clock.now();
        if (calls.length === 2) ports.clock.now = () => now - 15_000;
        return { kind: "absent" };
      },
    });
    await until(() => calls.length === 2);
    expect(drive.state.run.status).toBe("running");
    expect(state().attempts[0]?.settledAt).toBeNull();
  });

  it("that a machine is unknown tells of when it was asked for: it is not believed lost by two quick looks", async () => {
    const { ports, until, state, final, calls } = world(aRunningRun({ capture: "none" }), T0 + 2000, {
      wait: async () => ({ kind: "gone" }),
      get: async () => {
        if (calls.filter((call) => call === "get").length === 2) ports.clock.now = () => T0 + 32_000;
        return calls.filter((call) => call === "get").length <= 2
          ? { kind: "absent" }
          : { kind: "found", machine: aMachine("destroyed", exitCode(0)) };
      },
    });
    await until(final);
    expect(state().run).toMatchObject({ status: "succeeded" });
  });
});

describe("output of a machine that was asked for and never seen", () => {
  it("is not called complete where the run is cancelled meanwhile: the machine may have run", async () => {
    const cancelled = followedBy(aStartingRun(), { type: "cancel_requested", at: T0 });
    const { ports, drive, state } = world(cancelled, T0 + 10, {});
    await advance(ports, drive);
    expect(state().run).toMatchObject({
      status: "cancelled",
      detail: "a machine may have been made and was not seen: one was asked for",
      output: { stdoutBytes: 0, complete: false },
    });
  });

  const uncertain = followedBy(
    aStartingRun(),
    { type: "create_uncertain", at: T0, attempt: 1, error: "POST /machines answered 502: bad gateway" },
    { type: "create_uncertain", at: T0, attempt: 1, error: "POST /machines answered 504: too slow" },
  );

  it("nor does it go unsaid what the Machines API answered last, by whichever driver it was heard", async () => {
    const { ports, state } = world(aStartingRun(), T0 + 10, {});
    const cancelled = { type: "cancel_requested" as const, at: T0 };
    await ports.store.record(state(), [...uncertain.events.slice(-2), cancelled], []);
    await advance(ports, new Drive(state(), false));
    expect(state().run).toMatchObject({
      detail:
        "a machine may have been made and was not seen: 2 creates were left open; the last answer was: POST /machines answered 504: too slow",
      output: { complete: false },
    });
  });

  it.each([
    ["is all there, none, where each create was refused", [], true],
    [
      "but not where one was left open: its machine can have run and be in no list, being lost with its host",
      [{ kind: "uncertain" as const, error: "504" }],
      false,
    ],
  ])("%s", async (_promise, before, complete) => {
    const answers: CreateResult[] = [{ kind: "later", error: "429", tooMany: true }, ...before];
    const { until, state } = world(
      aStartingRun(),
      T0 + 10,
      {
        find: async () => ({ kind: "absent" }),
        create: async () =>
          answers.shift() ?? { kind: "refused", reason: "no_capacity", error: "422 no capacity" },
      },
      true,
    );
    await until(() => state().attempts[0]?.settledAt !== null);
    const seen = complete ? "" : "; a machine may have been made and was not seen: a create was left open";
    expect(state().attempts[0]).toMatchObject({
      reason: "no_capacity",
      detail: `422 no capacity${seen}`,
      output: { stdoutBytes: 0, complete },
    });
  });

  it("but not where another driver has asked before: its machine can have run and be lost", async () => {
    const { until, state } = world(uncertain, T0 + 10, {
      find: async () => ({ kind: "absent" }),
      create: async () => ({ kind: "refused", reason: "no_capacity", error: "422 no capacity" }),
    });
    await until(() => state().attempts[0]?.settledAt !== null);
    expect(state().attempts[0]).toMatchObject({
      reason: "no_capacity",
      detail: "422 no capacity; a machine may have been made and was not seen: 2 creates were left open",
      output: { complete: false },
    });
  });

  it("and where no create was ever answered until the queue limit: the detail has the last that was heard", async () => {
    const { until, final, state, calls } = world(
      aStartingRun({ timeouts: { ...aSpec().timeouts, queueMs: 5000 } }),
      T0 + 10,
      {
        find: async () => ({ kind: "absent" }),
        create: async () => ({ kind: "uncertain", error: "POST /machines got no answer: time out" }),
      },
      true,
    );
    await until(final);
    expect(state().run).toMatchObject({
      reason: "timed_out",
      limit: "queue",
      output: { stdoutBytes: 0, complete: false },
    });
    expect(state().run.detail).toMatch(
      /^no machine could be had after the queue limit of 5s; a machine may have been made and was not seen: (a create was|\d creates were) left open; the last answer was: POST \/machines got no answer: time out$/,
    );
    expect(calls.slice(-2)).toEqual(["find", "find"]);
  });

  it("nor where the list can not be had either", async () => {
    const { until, final, state } = world(
      aStartingRun({ timeouts: { ...aSpec().timeouts, queueMs: 5000 } }),
      T0 + 10,
      {
        find: async () => ({ kind: "failed", error: "503" }),
        create: async () => ({ kind: "uncertain", error: "POST /machines answered 500: oops" }),
      },
      true,
    );
    await until(final);
    expect(state().run.output).toMatchObject({ complete: false });
    expect(state().run.detail).toBe(
      "no machine could be had after the queue limit of 5s; a machine may have been made and was not seen: a create was left open; the last answer was: POST /machines answered 500: oops",
    );
  });

  it("is all there, none, where nobody had asked for one", async () => {
    const cancelled = followedBy(aStartingRun(), { type: "cancel_requested", at: T0 });
    const { ports, drive, state } = world(cancelled, T0 + 10, {}, true);
    await advance(ports, drive);
    expect(state().run).toMatchObject({ status: "cancelled", output: { stdoutBytes: 0, complete: true } });
  });
});

describe("an exit code that is known", () => {
  it("is kept while the rest of the output takes longer than the limit", async () => {
    let left = 40;
    const { until, state, final } = world(
      aRunningRun({ timeouts: { queueMs: 1e6, bootMs: 1e5, runMs: 5000, stopMs: 1000 } }),
      T0 + 5000,
      {
        exec: async () => {
          left -= 1;
          const stdout = "x".repeat(1000);
          return {
            kind: "ran",
            exitCode: 0,
            stdout: runnerReply({ stdoutSize: 40_000, stdout, code: 0 }),
            stderr: "",
          };
        },
      },
    );
    await until(final, 60);
    expect(left).toBe(0);
    expect(state().run).toMatchObject({
      status: "succeeded",
      output: { stdoutBytes: 40_000, complete: true },
    });
  });
});

describe("a create", () => {
  it("that was uncertain once is looked for before each later ask, whatever came in between", async () => {
    const answers = [
      { kind: "uncertain" as const, error: "504" },
      { kind: "later" as const, error: "429", tooMany: true },
      { kind: "created" as const, machine: aMachine("created") },
    ];
    const { until, state, calls } = world(
      aStartingRun(),
      T0 + 10,
      {
        create: async () => answers.shift() ?? { kind: "exists" },
        find: async () => ({ kind: "absent" }),
        wait: async () => ({ kind: "not_yet" }),
      },
      true,
    );
    await until(() => state().attempts[0]?.machineId != null);
    expect(calls.filter((call) => call === "create" || call === "find")).toEqual([
      "create",
      "find",
      "find",
      "create",
      "find",
      "find",
      "create",
    ]);
  });

  it("is not repeated by a driver that another one has overtaken while its look-up was under way", async () => {
    const { ports, drive, calls, state, until } = world(aStartingRun(), T0 + 10, {
      find: async () => {
        if (calls.length === 2)
          await ports.store.record(
            state(),
            [
              {
                type: "machine_created",
                at: T0,
                attempt: 1,
                machineId: "made by another",
                region: null,
                adopted: false,
              },
              { type: "machine_started", at: T0, attempt: 1 },
            ],
            [],
          );
        return { kind: "absent" };
      },
    });
    await until(() => drive.state.attempts[0]?.machineId != null);
    expect(calls).toEqual(["find", "find"]);
    expect(drive.state.attempts[0]?.machineId).toBe("made by another");
  });

  it("is not made by a driver that was held up after its plan, where another has ended the run meanwhile", async () => {
    const planned = aStartingRun();
    const { ports, drive, state, until, calls, released } = world(
      planned,
      T0 + NEVER_ASKED_BEFORE_MS,
      {},
      true,
    );
    const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
    const ending = { status: "cancelled", reason: "cancelled_by_user", limit: null, detail: null } as const;
    const ended = followedBy(
      planned,
      { type: "settled", at: T0 + 100, ...ending, exit: null, output },
      { type: "machine_released", at: T0 + 200, attempt: 1, events: [] },
    );
    await ports.store.record(planned.state, ended.events.slice(-2), []);
    await until(() => drive.state.run.version === state().run.version);
    expect(released()).toBe(true);
    expect(calls).toEqual([]);
  });

  it.each([100, CREATE_LOOKUP_PAUSE_MS + 100, 25_000])(
    "is made by a driver that took over, though each list takes %i ms, and it says so once",
    async (listMs) => {
      const asked: number[] = [];
      let lateMs = 0;
      const { ports, until, state, events, now } = world(aStartingRun(), T0 + 60_000, {
        find: async () => {
          asked.push(ports.clock.now());
          lateMs += listMs;
          return { kind: "absent" };
        },
        create: async () => ({ kind: "created", machine: aMachine("created") }),
        wait: async () => ({ kind: "not_yet" }),
      });
      ports.clock = { now: () => now() + lateMs };
      await until(() => state().attempts[0]?.machineId != null);
      const [said, ...others] = events().filter(({ type }) => type === "launch_taken");
      expect(others).toEqual([]);
      // By then whoever had looked for such an event before it was stored has asked, and what it made is listed.
      expect(asked).toHaveLength(2);
      expect((asked[1] ?? 0) - (said?.at ?? 0)).toBeGreaterThanOrEqual(CREATE_WORD_HEARD_MS);
    },
  );

  it("is made by nobody else once a driver that took over looks for the last time, however late the list", async () => {
    const { ports, drive, state, calls } = world(
      aStartingRun(),
      T0 + 60_000,
      {
        find: async () => {
          // The one that planned it is there all the same, and comes to its ask.
          if (calls.length === 2) await advance(ports, planner);
          return { kind: "absent" };
        },
      },
      false,
    );
    const planner = new Drive(state(), true);
    await advance(ports, drive);
    await advance(ports, drive);
    expect(calls).toEqual(["find", "find"]);
    expect(planner.neverAsked).toBe(false);
  });

  it("is looked for again at once where the list was asked for too soon after that", async () => {
    const { ports, drive, events, calls } = world(aStartingRun(), T0 + 60_000, {
      find: async () => ({ kind: "absent" }),
    });
    const first = await advance(ports, drive);
    expect(events().map(({ type }) => type)).toEqual(["launch_taken"]);
    expect(first).toEqual({ pauseMs: CREATE_WORD_HEARD_MS });
    // Called before its pause is over.
    expect(await advance(ports, drive)).toEqual({ pauseMs: CREATE_WORD_HEARD_MS });
    expect(calls).toEqual(["find", "find"]);
  });

  it("that was uncertain is looked for when the run is cancelled, and what is found is destroyed", async () => {
    const uncertain = followedBy(
      aStartingRun(),
      { type: "create_uncertain", at: T0, attempt: 1, error: "504" },
      { type: "cancel_requested", at: T0 },
    );
    const looks: MachineState[] = ["started", "destroyed"];
    const { until, state, calls, released } = world(uncertain, T0 + 10, {
      find: async () => ({ kind: "found", machine: aMachine(looks.shift() ?? "destroyed") }),
      destroy: async () => ({ kind: "done" }),
    });
    await until(released);
    expect(state().run.status).toBe("cancelled");
    expect(calls).toEqual(["find", "destroy", "find"]);
  });
});

describe("a machine that another driver may have asked for", () => {
  it("is not believed away by a look from before the run moved on", async () => {
    const looks: MachineState[] = ["started", "destroyed"];
    const { ports, drive, until, state, calls, released } = world(aStartingRun(), T0 + 10, {
      find: async () => {
        // The first look is from before the other asks, and the next list lags behind.
        if (calls.length <= 2) return { kind: "absent" };
        return { kind: "found", machine: aMachine(looks.shift() ?? "destroyed") };
      },
      destroy: async () => ({ kind: "done" }),
    });
    await advance(ports, drive);
    await ports.store.record(state(), [{ type: "cancel_requested", at: T0 + 20 }], []);
    // Whoever cancels tells the driver, which does not wait for the time of its next look then.
    await drive.reload(ports);
    await until(released);
    expect(calls).toEqual(["find", "find", "find", "destroy", "find"]);
    expect(state().run.status).toBe("cancelled");
  });
});

describe("a refusal that took long", () => {
  it("does not hide the machine of another driver, which came by meanwhile", async () => {
    const made = aMachine("started");
    const { until, state, calls } = world(
      aStartingRun(),
      T0 + 3000,
      {
        create: async () => ({ kind: "refused", reason: "launch_refused", error: "no" }),
        find: async () => ({ kind: "found", machine: made }),
      },
      true,
    );
    await until(() => state().attempts[0]?.machineId === made.id);
    expect(calls).toEqual(["create", "find"]);
  });

  const refusedAt = async (atMs: number) => {
    const { until, state, final } = world(
      aStartingRun(),
      atMs,
      {
        create: async () => ({ kind: "refused", reason: "image_unavailable", error: "no" }),
        find: async () => ({ kind: "absent" }),
      },
      true,
    );
    await until(final);
    return state().run;
  };

  it.each([500, 3000, 60_000])(
    "is that of the only ask, %i ms after the plan, as another driver would have said that it asks: nothing was written",
    async (afterMs) => {
      expect(await refusedAt(T0 + afterMs)).toMatchObject({
        reason: "image_unavailable",
        output: { stdoutBytes: 0, complete: true },
      });
    },
  );

  it("is not vouched for where another driver has said so meanwhile", async () => {
    const { ports, until, state, final } = world(
      aStartingRun(),
      T0 + 3000,
      {
        create: async () => {
          if (state().run.version === 2) await sayThatAnotherAsks();
          return { kind: "refused", reason: "image_unavailable", error: "no" };
        },
        find: async () => ({ kind: "failed", error: "503" }),
      },
      true,
    );
    const sayThatAnotherAsks = () =>
      ports.store.record(
        state(),
        [
          { type: "launch_taken", at: T0, attempt: 1, app: null, launchAt: T0, mayBeAsked: true },
          { type: "cancel_requested", at: T0 + 1 },
        ],
        [],
      );
    await until(final);
    expect(state().run).toMatchObject({ status: "cancelled", output: { complete: false } });
  });
});

describe("a driver that was overtaken while its only ask was refused", () => {
  const overtaken = (atMs: number) => {
    const looks: MachineState[] = ["started", "destroyed"];
    // The first list lags behind.
    let lags = true;
    const told = world(
      aStartingRun(),
      atMs,
      {
        create: async () => {
          // Somebody cancels; another driver, of older code, has asked for the machine and not told of it yet.
          await told.ports.store.record(told.state(), [{ type: "cancel_requested", at: atMs }], []);
          return { kind: "refused", reason: "launch_refused", error: "no" };
        },
        find: async () => {
          if (lags) {
            lags = false;
            return { kind: "absent" };
          }
          return { kind: "found", machine: aMachine(looks.shift() ?? "destroyed") };
        },
        destroy: async () => ({ kind: "done" }),
      },
      true,
    );
    return told;
  };

  it("looks for a machine before it lets the run be closed", async () => {
    const { until, state, calls, released } = overtaken(T0 + 3000);
    await until(released);
    expect(calls).toEqual(["create", "find", "find", "destroy", "find"]);
    expect(state().run).toMatchObject({ status: "cancelled" });
  });

  it("need not, so soon after the plan that nobody else can have come to ask", async () => {
    const { until, state, calls, released } = overtaken(T0 + 100);
    await until(released);
    expect(calls).toEqual(["create"]);
    expect(state().run).toMatchObject({ status: "cancelled", output: { complete: true } });
  });
});

describe("a machine that starts at once", () => {
  const made = {
    create: async () => ({ kind: "created" as const, machine: aMachine("created") }),
    wait: async () => ({ kind: "reached" as const }),
  };
  const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);

  it("and ends as soon is recorded from its creation to the outcome in one, with its output", async () => {
    const reply = runnerReply({ stdoutSize: 3, stdout: "hi\n", code: 0 });
    const exec = async () => ({ kind: "ran" as const, exitCode: 0, stdout: reply, stderr: "" });
    const { ports, drive, state, events } = world(aStartingRun(), T0 + 10, { ...made, exec }, true);
    await advance(ports, drive);
    expect(typesOf(events())).toEqual(["machine_created", "machine_started", "exited", "settled"]);
    expect(state().run).toMatchObject({ status: "succeeded", output: { stdoutBytes: 3, complete: true } });
    expect(state().attempts[0]).toMatchObject({ firstOutputAt: T0 + 10 });
  });

  it("is recorded as such where its runner does not answer yet", async () => {
    const exec = async () => ({ kind: "failed" as const, error: "504" });
    const get = async () => ({ kind: "found" as const, machine: aMachine("started") });
    const { ports, drive, state, events } = world(aStartingRun(), T0 + 10, { ...made, exec, get }, true);
    await advance(ports, drive);
    expect(typesOf(events())).toEqual(["machine_created", "machine_started"]);
    expect(state().run.status).toBe("running");
  });
});

describe("a machine", () => {
  it("is not believed gone on the word of a 404 alone: it is destroyed again until it says so itself", async () => {
    const cancelled = followedBy(aBootingRun(), { type: "cancel_requested", at: T0 + 20 });
    const looks: MachineState[] = ["started", "destroyed"];
    const { until, calls, released } = world(cancelled, T0 + 30, {
      destroy: async () => ({ kind: "gone" }),
      wait: async () => ({ kind: "reached" }),
      get: async () => ({ kind: "found", machine: aMachine(looks.shift() ?? "destroyed") }),
    });
    await until(released);
    expect(calls.filter((call) => call === "destroy")).toHaveLength(2);
  });

  it("is looked at where waiting for it fails: a 400 may mean that it is over", async () => {
    const { until, state, final } = world(aBootingRun({ capture: "none" }), T0 + 100, {
      wait: async () => ({ kind: "failed", error: "400" }),
      get: async () => ({ kind: "found", machine: aMachine("destroyed", exitCode(3)) }),
    });
    await until(final);
    expect(state().run).toMatchObject({ status: "failed", reason: "exit_code", exit: { code: 3 } });
  });

  describe("that goes away before it was ever started", () => {
    const gone = (events: MachineEvent[]) => {
      const machine = { ...aMachine("destroyed", null, false), events };
      return {
        wait: async () => ({ kind: "gone" as const }),
        get: async () => ({ kind: "found" as const, machine }),
      };
    };
    const launch = { type: "launch", source: "flyd", at: T0 + 50, exit: null };

    it("is the image's fault where Fly says that its launch failed", async () => {
      const events = [
        { ...launch, status: "failed" },
        { ...launch, status: "created" },
      ];
      const { until, state, final } = world(aBootingRun(), T0 + 100, gone(events));
      await until(final);
      expect(state().run).toMatchObject({ status: "failed", reason: "image_unavailable", exit: null });
    });

    it("is lost with its host where nothing tells why, and has another after it", async () => {
      const { until, state } = world(aBootingRun(), T0 + 100, gone([{ ...launch, status: "created" }]));
      await until(() => state().run.status === "retrying");
      expect(state().attempts[0]).toMatchObject({ reason: "machine_lost" });
    });

    it("and whose run was asked to end by then, is no failure", async () => {
      const { until, state, final } = world(
        followedBy(aRunningRun(), { type: "cancel_requested", at: T0 + 90 }),
        LONG_AFTER,
        {
          ...gone([]),
          signal: async () => ({ kind: "gone" }),
          stop: async () => ({ kind: "gone" }),
          exec: async () => ({ kind: "not_running" }),
        },
      );
      await until(final);
      expect(state().run).toMatchObject({ status: "cancelled", reason: "cancelled_by_user" });
    });
  });

  it("that answers waits at once is not asked without a pause", async () => {
    const { until, calls, state } = world(aRunningRun({ capture: "none" }), T0 + 2000, {
      wait: async () => ({ kind: "not_yet" }),
      stop: async () => ({ kind: "done" }),
      get: async () => ({ kind: "found", machine: aMachine("started") }),
    });
    // The longest pause is 30 s, or half of it where chance has it so: 60 in a run of a quarter of an hour, and some shorter ones.
    await until(() => state().attempts[0]?.stopRequestedAt != null, 80);
    expect(calls.filter((call) => call === "wait").length).toBeLessThan(80);
  });
});
