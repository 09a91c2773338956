import { describe, expect, it } from "vitest";
import type { Machine, MachineConfig } from "../../src/core/machine.ts";
import { DEFAULT_RETRY } from "../../src/core/retry.ts";
import type { RetryPolicy, RunSpec } from "../../src/core/run-spec.ts";
import { Drive } from "../../src/flow/drive.ts";
import { advance } from "../../src/flow/flow.ts";
import type { CreateResult, Machines } from "../../src/flow/ports.ts";
import { aBootingRun, aRetryingRun, aRunningRun, aStartingRun, followedBy, T0 } from "../support/a-run.ts";
import { aMachine, exitCode, world } from "../support/flow-world.ts";
import { runnerReply } from "../support/runner-reply.ts";

const retry = (attempts: number, change: Partial<RetryPolicy> = {}): Partial<RunSpec> => ({
  retry: { ...DEFAULT_RETRY, attempts, ...change },
});

const NO_ROOM: CreateResult = { kind: "refused", reason: "no_capacity", error: "no host" };

/** Machines by name, one after the other: each takes its command's end from the list, and is gone once it is told to go. */
function machinesOf(ends: { code: number; stdout?: string }[]) {
  const made: { name: string; config: MachineConfig; gone: boolean }[] = [];
  const api: Partial<Machines> = {
    create: async (name, config) => {
      made.push({ name, config, gone: false });
      return { kind: "created", machine: { ...aMachine("created"), id: name, name } };
    },
    wait: async () => ({ kind: "reached" }),
    exec: async () => {
      const { code, stdout = "" } = ends[made.length - 1] ?? { code: 0 };
      const reply = runnerReply({ stdoutSize: stdout.length, stdout, code });
      return { kind: "ran", exitCode: 0, stdout: reply, stderr: "" };
    },
    signal: async () => ({ kind: "done" }),
    get: async (id): Promise<{ kind: "found"; machine: Machine }> => {
      for (const machine of made) if (machine.name === id) machine.gone = true;
      return { kind: "found", machine: aMachine("destroyed", exitCode(1)) };
    },
  };
  return { made, api };
}

describe("a failed attempt", () => {
  it("is followed by another until one ends well, each on a machine of its own and one after the other", async () => {
    const ends = [
      { code: 3, stdout: "one" },
      { code: 3, stdout: "two!" },
      { code: 0, stdout: "three" },
    ];
    const { made, api } = machinesOf(ends);
    const alone: boolean[] = [];
    const create: Machines["create"] = async (...args) => {
      alone.push(made.every(({ gone }) => gone));
      return api.create?.(...args) ?? { kind: "exists" };
    };
    const { until, state, released, calls } = world(
      aStartingRun(retry(3)),
      T0 + 10,
      { ...api, create },
      true,
    );
    await until(released);
    // Each is let go and ends with the command's own code; none has to be destroyed.
    expect(calls.filter((call) => call === "signal")).toHaveLength(3);
    expect(calls).not.toContain("destroy");
    expect(state().run).toMatchObject({ status: "succeeded", output: { stdoutBytes: 12, complete: true } });
    expect(state().attempts.map(({ reason, exit }) => [reason, exit?.code])).toEqual([
      ["exit_code", 3],
      ["exit_code", 3],
      [null, 0],
    ]);
    expect(made.map(({ name }) => name.at(-1))).toEqual(["1", "2", "3"]);
    expect(alone).toEqual([true, true, true]);
    expect(made[2]?.config.env.MAYFLY_ATTEMPT).toBe("3");
  });

  it("leaves no trace in how the next one's output is read, though its machine is found and not made", async () => {
    const { made, api } = machinesOf([
      { code: 3, stdout: "one" },
      { code: 0, stdout: "three" },
    ]);
    const create: Machines["create"] = async (...args) => {
      const result = (await api.create?.(...args)) ?? NO_ROOM;
      return made.length === 2 ? { kind: "uncertain", error: "504" } : result;
    };
    const find: Machines["find"] = async (name) => ({
      kind: "found",
      machine: { ...aMachine("started"), id: name, name },
    });
    const { until, state, released } = world(aStartingRun(retry(2)), T0 + 10, { ...api, create, find }, true);
    await until(released);
    expect(state().attempts.map(({ output }) => output?.stdoutBytes)).toEqual([3, 5]);
    expect(state().run.output).toMatchObject({ stdoutBytes: 8, complete: true });
  });

  it("ends its run with the last failure where all attempts are used up", async () => {
    const { made, api } = machinesOf([{ code: 3 }, { code: 4 }]);
    const { until, state, released } = world(aStartingRun(retry(2)), T0 + 10, api, true);
    await until(released);
    expect(made).toHaveLength(2);
    expect(state().run).toMatchObject({ status: "failed", reason: "exit_code", exit: { code: 4 } });
  });

  it("is waited for as long as its run's policy says, by the stored time and whoever drives", async () => {
    const { api } = machinesOf([{ code: 3 }, { code: 0 }]);
    const backoff = { initialMs: 90_000, factor: 1, maxMs: 90_000, jitter: 0 };
    const first = world(aStartingRun(retry(2, { backoff })), T0 + 10, api, true);
    await first.until(() => first.state().run.restsUntil !== null);
    expect(first.state().run).toMatchObject({ status: "retrying", restsUntil: T0 + 10 + 90_000 });
    // Another driver, which knows only what is stored.
    const pause = await advance(first.ports, new Drive(first.state(), false));
    expect(pause).toEqual({ pauseMs: T0 + 10 + 90_000 - first.now() });
  });
});

describe("want of room", () => {
  it("asks in one region after the other at once, with no look for machines that were refused", async () => {
    const { api } = machinesOf([]);
    const asked: (string | null)[] = [];
    const create: Machines["create"] = async (name, config, files) => {
      asked.push(config.region);
      return asked.length < 3 ? NO_ROOM : (api.create?.(name, config, files) ?? NO_ROOM);
    };
    const spec = { regions: ["ams", "fra", "eu"] };
    const { until, state, calls, final, now } = world(aStartingRun(spec), T0 + 10, { ...api, create }, true);
    await until(final);
    expect(asked).toEqual(["ams", "fra", "eu"]);
    expect(state().run.status).toBe("succeeded");
    expect(calls).not.toContain("find");
    expect(now()).toBe(T0 + 10);
  });

  it("that was told late looks for a machine of another driver's before the next attempt", async () => {
    const { api } = machinesOf([]);
    const answers: CreateResult[] = [NO_ROOM];
    const create: Machines["create"] = async (...args) => answers.shift() ?? api.create?.(...args) ?? NO_ROOM;
    const find = async () => ({ kind: "absent" as const });
    // Long enough after the plan for somebody else to have looked twice and to have asked.
    const { until, calls, final } = world(aStartingRun(), T0 + 3000, { ...api, create, find }, true);
    await until(final);
    const asks = calls.filter((call) => call === "create" || call === "find");
    // Once before the refusal is believed, and then until its word is sure.
    expect(asks).toEqual(["create", "find", "find", "find", "create"]);
  });

  it("after an ask that may have made a machine looks for it before the next attempt", async () => {
    const { api } = machinesOf([]);
    const answers: CreateResult[] = [{ kind: "uncertain", error: "504" }, NO_ROOM];
    const create: Machines["create"] = async (...args) => answers.shift() ?? api.create?.(...args) ?? NO_ROOM;
    const find = async () => ({ kind: "absent" as const });
    const { until, state, calls, final } = world(aStartingRun(), T0 + 10, { ...api, create, find }, true);
    await until(final);
    expect(state().attempts).toHaveLength(2);
    const asks = calls.filter((call) => call === "create" || call === "find");
    expect(asks).toEqual(["create", "find", "find", "create", "find", "find", "create"]);
  });
});

describe("a lost machine", () => {
  it("is replaced without using the job's attempts up, once it is known to be gone", async () => {
    const { made, api } = machinesOf([{ code: 0 }]);
    let lost = true;
    const get: Machines["get"] = async (id) => {
      if (made.length > 0 || !lost) return api.get?.(id) ?? { kind: "absent" };
      return { kind: "absent" };
    };
    const exec: Machines["exec"] = async (...args) =>
      made.length === 0 ? { kind: "not_running" } : (api.exec?.(...args) ?? { kind: "not_running" });
    const destroy = async () => {
      lost = true;
      return { kind: "gone" as const };
    };
    const { until, state, released } = world(aRunningRun(), T0 + 2000, { ...api, get, exec, destroy });
    await until(released);
    expect(state().attempts.map(({ reason }) => reason)).toEqual(["machine_lost", null]);
    expect(state().run).toMatchObject({ status: "succeeded", output: { complete: false } });
  });

  it("that was never started in time is replaced, too", async () => {
    const { made, api } = machinesOf([{ code: 0 }]);
    const get: Machines["get"] = async (id) => {
      if (made.length > 0) return api.get?.(id) ?? { kind: "absent" };
      return { kind: "found", machine: aMachine(destroyed ? "destroyed" : "created", null, false) };
    };
    let destroyed = false;
    const destroy = async () => {
      destroyed = true;
      return { kind: "done" as const };
    };
    const { until, state, released } = world(aBootingRun(), T0 + 200_000, { ...api, get, destroy });
    await until(released);
    expect(state().attempts).toMatchObject([{ reason: "timed_out", limit: "boot" }, { reason: null }]);
    expect(state().run.status).toBe("succeeded");
  });
});

describe("a cancel", () => {
  it("between two attempts ends the run at once, and its machine is seen gone", async () => {
    const asked = followedBy(aRetryingRun(), { type: "cancel_requested", at: T0 + 3000 });
    const { until, state, released, calls } = world(asked, T0 + 3010, {
      signal: async () => ({ kind: "done" }),
      wait: async () => ({ kind: "reached" }),
      get: async () => ({ kind: "found", machine: aMachine("destroyed", exitCode(1)) }),
      destroy: async () => ({ kind: "done" }),
    });
    await until(released);
    expect(state().run).toMatchObject({
      status: "cancelled",
      exit: null,
      output: { stdoutBytes: 3, stderrBytes: 2, complete: true },
    });
    expect(calls).not.toContain("create");
  });
});
