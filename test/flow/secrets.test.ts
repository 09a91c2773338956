import { describe, expect, it } from "vitest";
import {
  CREATE_LOOKUPS_NEEDED,
  OUTPUT_MAX_BYTES,
  SECRET_LINE_BYTES,
  SECRET_LINES_PER_CALL,
  SLOW_START_MS,
} from "../../src/core/limits.ts";
import { REDACTION_REACH, redactorOf } from "../../src/core/redactor.ts";
import type { AdvancePorts, FlowPorts } from "../../src/flow/flow.ts";
import type { ExecResult, Machines } from "../../src/flow/ports.ts";
import { readOutput } from "../../src/flow/read-output.ts";
import { aBootingRun, aRunningRun, aStartingRun, type Story, T0 } from "../support/a-run.ts";
import { aMachine, world } from "../support/flow-world.ts";
import { runnerReply } from "../support/runner-reply.ts";

const SPEC = { secrets: { KEY: "KEY" } };
const SECRET = "topsecret";

const ran = (stdout: string): ExecResult => ({ kind: "ran", exitCode: 0, stdout, stderr: "" });
const GIVEN = ran("mayfly 1 given\n");

/** A run in the test's hands that is given a secret of so many bytes, or is not since there is a problem. */
function worldWith(
  story: Story,
  machines: Partial<Machines>,
  { bytes = 100, problem = null as string | null, now = T0 + 2000, neverAsked = false } = {},
) {
  const made = world(story, now, machines, neverAsked);
  const half = new Uint8Array(bytes).fill(7);
  made.ports.secrets = {
    forAttempt: async () => ({
      given: problem === null ? { padName: "one", pad: half, masked: half } : null,
      problem,
      redact: redactorOf([SECRET]),
    }),
  };
  return made;
}

/** Execs that are answered as told, in order. */
function answering(...answers: ExecResult[]) {
  const asked: string[][] = [];
  const exec: Machines["exec"] = async (_id, argv) => {
    asked.push(argv);
    return answers.shift() ?? { kind: "failed", error: "nothing more was expected" };
  };
  return { exec, asked };
}

const offsets = (argv: string[] | undefined) => argv?.slice(-4, -2);

/** As a step of an attempt has them. */
const stepPorts = (ports: AdvancePorts): FlowPorts => ({ ...ports, machines: ports.machinesOf(null) });

describe("output of a run with secrets", () => {
  it("is held back where it could become one, and what was read is not read again", async () => {
    const { exec, asked } = answering(
      ran(runnerReply({ stdoutSize: 8, stdout: "x topsec", code: null })),
      ran(runnerReply({ stdoutSize: 12, stdout: "ret!", code: 0 })),
    );
    const { until, final, state, drive, ports } = worldWith(aRunningRun(SPEC), { exec });
    const first = await readOutput(stepPorts(ports), drive, T0 + 900_000);
    expect(first.chunks.map(({ bytes }) => Buffer.from(bytes ?? []).toString())).toEqual(["x "]);
    await drive.remember(ports, first);
    await until(final);
    expect(asked.map(offsets)).toEqual([
      ["0", "0"],
      ["8", "0"],
    ]);
    expect(state().run).toMatchObject({
      status: "succeeded",
      output: { stdoutBytes: 12, droppedBytes: 0, complete: true },
    });
    const stored = await ports.store.readOutput(state().run.id, { attempt: 0, seq: 0 }, 10);
    expect(stored.map(({ bytes }) => Buffer.from(bytes ?? []).toString()).join("")).toBe("x *********!");
  });

  it("that nobody remembers is read from a little before what is stored, and never twice into the store", async () => {
    const before = "y".repeat(REDACTION_REACH - 3);
    const { exec, asked } = answering(
      ran(runnerReply({ stdoutSize: 1012, stdout: `${before}top${SECRET}end`, code: 0 })),
    );
    const { drive, ports } = worldWith(aRunningRun(SPEC), { exec });
    drive.offsets = { seq: 4, stdout: 1000, stderr: 0 };
    const { chunks, events } = await readOutput(stepPorts(ports), drive, T0 + 900_000);
    expect(offsets(asked[0])).toEqual([String(1000 - REDACTION_REACH), "0"]);
    expect(chunks).toMatchObject([{ seq: 5, offset: 1000, length: 12 }]);
    expect(Buffer.from(chunks[0]?.bytes ?? []).toString()).toBe("*********end");
    expect(events.at(-1)).toMatchObject({ type: "settled", output: { stdoutBytes: 1012, complete: true } });
  });

  it("is no longer than the cap of a run, and what is dropped is counted", async () => {
    const { exec, asked } = answering(
      ran(
        runnerReply({
          stdoutSize: OUTPUT_MAX_BYTES + 96,
          stdout: "z".repeat(REDACTION_REACH + 4),
          code: 0,
        }),
      ),
    );
    const { drive, ports } = worldWith(aRunningRun(SPEC), { exec });
    drive.offsets = { seq: 600, stdout: OUTPUT_MAX_BYTES - 4, stderr: 0 };
    const { chunks, events } = await readOutput(stepPorts(ports), drive, T0 + 900_000);
    expect(asked[0]?.at(-2)).toBe(String(REDACTION_REACH + 4));
    expect(chunks).toMatchObject([{ offset: OUTPUT_MAX_BYTES - 4, length: 4 }]);
    expect(events.at(-1)).toMatchObject({ output: { droppedBytes: 96, complete: false } });
  });
});

describe("a machine of a run with secrets", () => {
  const wait: Machines["wait"] = async () => ({ kind: "reached" });

  it("is given them before its command counts as started, and the rest of them where the rate limit came between", async () => {
    const perCall = SECRET_LINE_BYTES * SECRET_LINES_PER_CALL;
    const { exec, asked } = answering(GIVEN, { kind: "later" }, GIVEN, GIVEN);
    const { until, state } = worldWith(aBootingRun(SPEC), { wait, exec }, { bytes: 2 * perCall + 1 });
    await until(() => state().attempts[0]?.startedAt != null);
    const firstLines = asked.map((argv) => argv[6]?.split(" ", 1)[0]);
    const next = String(SECRET_LINES_PER_CALL + 1);
    expect(firstLines).toEqual(["1", next, next, String(2 * SECRET_LINES_PER_CALL + 1)]);
  });

  it("is given them again where no answer came", async () => {
    const { exec, asked } = answering({ kind: "failed", error: "lost" }, ran(""), GIVEN);
    const { until, state } = worldWith(aBootingRun(SPEC), { wait, exec });
    await until(() => state().attempts[0]?.startedAt != null);
    expect(asked).toHaveLength(3);
  });

  it("is given those of its plan, whichever is set before it is asked for, or found in the list late", async () => {
    const askedFor: number[] = [];
    let emptyLists = CREATE_LOOKUPS_NEEDED;
    const { exec } = answering(GIVEN);
    const waiting = aStartingRun(SPEC, { app: "a", at: T0 + 60_000 });
    const made = world(
      waiting,
      T0 + 10,
      {
        create: async () => ({ kind: "uncertain", error: "408" }),
        find: async () =>
          emptyLists-- > 0 ? { kind: "absent" } : { kind: "found", machine: aMachine("started") },
        wait,
        exec,
      },
      true,
      { apps: ["a"], perSecond: 1 },
    );
    const half = new Uint8Array(100).fill(7);
    made.ports.secrets = {
      forAttempt: async ({ plannedAt }) => {
        askedFor.push(plannedAt);
        return {
          given: { padName: "one", pad: half, masked: half },
          problem: null,
          redact: redactorOf([SECRET]),
        };
      },
    };
    await made.until(() => made.state().attempts[0]?.startedAt != null);
    const launches = made.events().filter(({ type }) => type === "launch_taken");
    expect(launches.length).toBeGreaterThan(1);
    expect(new Set(askedFor)).toEqual(new Set([T0]));
  });

  it("that took long to take them says when its image was ready", async () => {
    const { exec } = answering(GIVEN);
    const found = aMachine("started");
    const starting = { type: "start", status: "starting", source: "flyd", at: T0 + 400, exit: null };
    const { until, state } = worldWith(
      aBootingRun(SPEC),
      {
        wait: async () => ({ kind: "not_yet" }),
        get: async () => ({ kind: "found", machine: { ...found, events: [...found.events, starting] } }),
        exec,
      },
      { now: T0 + 60_000 },
    );
    await until(() => state().attempts[0]?.startedAt != null);
    expect(state().attempts[0]).toMatchObject({ startedAt: T0 + 60_000, imageReadyAt: T0 + 400 });
  });

  it("that took long to take them right after it was made says so, too", async () => {
    const found = aMachine("started");
    const starting = { type: "start", status: "starting", source: "flyd", at: T0 + 400, exit: null };
    const machine = { ...found, events: [...found.events, starting] };
    for (const [giveMs, imageReadyAt] of [
      [SLOW_START_MS - 1, null],
      [SLOW_START_MS, T0 + 400],
    ] as const) {
      const made = worldWith(
        aStartingRun({ ...SPEC, capture: "none" }),
        {
          create: async () => ({ kind: "created", machine }),
          wait,
          exec: async () => {
            now += giveMs;
            return GIVEN;
          },
          get: async () => ({ kind: "found", machine }),
        },
        { neverAsked: true },
      );
      let now = made.now();
      const createdAt = now;
      made.ports.clock = { now: () => now };
      await made.until(() => made.state().attempts[0]?.startedAt != null);
      expect(made.state().attempts[0]).toMatchObject({
        createdAt,
        startedAt: createdAt + giveMs,
        imageReadyAt,
      });
      // Of a fast one nothing is asked but for its start.
      expect(made.calls.includes("get")).toBe(imageReadyAt !== null);
    }
  });

  it("that is gone by then is looked at", async () => {
    const exit = { code: 125, signal: null, oomKilled: false, requestedStop: false, at: T0 + 900 };
    const { until, final, state } = worldWith(aBootingRun(SPEC), {
      wait,
      exec: async () => ({ kind: "not_running" }),
      get: async () => ({ kind: "found", machine: aMachine("destroyed", exit) }),
    });
    await until(final, 1);
    expect(state().run).toMatchObject({ status: "failed", reason: "exit_code", exit: { code: 125 } });
  });

  it("that takes none of them ends by its boot limit, which says so", async () => {
    const { until, state } = worldWith(aBootingRun(SPEC), {
      wait,
      exec: async () => ran("mayfly 1 problem nobody waits for secrets\n"),
      get: async () => ({ kind: "found", machine: aMachine("started") }),
    });
    await until(() => state().attempts[0]?.reason != null, 200);
    expect(state().attempts[0]).toMatchObject({
      reason: "timed_out",
      limit: "boot",
      detail: expect.stringContaining("was started and did not take its secrets"),
    });
  });

  it("is not asked for where they can not be had, and not left without them where they no longer can", async () => {
    const problem = "the secret KEY was removed";
    for (const [story, neverAsked, now] of [
      [aStartingRun(SPEC), true, T0 + 100],
      [aBootingRun(SPEC), false, T0 + 2000],
    ] as const) {
      const { until, final, state } = worldWith(story, { wait }, { problem, neverAsked, now });
      await until(final);
      expect(state().run).toMatchObject({ status: "failed", reason: "launch_refused", detail: problem });
    }
  });
});
