import { describe, expect, it } from "vitest";
import type { RunChange } from "../../src/core/hook/run-delivery.ts";
import { queueLimitAt } from "../../src/core/next-step.ts";
import type { Checkout } from "../../src/core/step/checkout.ts";
import { advance } from "../../src/flow/flow.ts";
import type { Machines } from "../../src/flow/ports.ts";
import { aSpec, aStartingRun, T0 } from "../support/a-run.ts";
import { world } from "../support/flow-world.ts";
import { QueueWorld } from "../support/queue-world.ts";
import { afterAnother } from "../support/told-stories.ts";

const LAUNCHES = { apps: ["a"] as [string], perSecond: 1 };
const LIMIT_MS = 30_000;
const timeouts = { ...aSpec().timeouts, queueMs: LIMIT_MS };

const CHANGE: RunChange = {
  ...{ kind: "push", ref: "refs/heads/main", branch: "main", tag: null, sha: "c".repeat(40), before: null },
  ...{ message: "m", author: "somebody", pullRequest: null },
  repository: { url: "https://git.example/o/r.git", fullName: "o/r", isPrivate: false },
};

/** How long after it came a run's machine is asked for. */
const waitOf = (of: QueueWorld, runId: string) => {
  const { run, attempts } = of.run(runId);
  return (attempts[0]?.createAskedAt ?? Number.NaN) - run.acceptedAt;
};

describe("what a machine is given", () => {
  it("tells of a run after another, too, that its checkout is of another repository than what has changed", async () => {
    const checkout: Checkout = {
      ...{ repository: "https://git.example/other/thing.git", ref: null, path: "/workspace", depth: 1 },
      submodules: "none",
      ...{ token: null, deployKey: null },
    };
    const story = afterAnother(aStartingRun({ checkout }), CHANGE);
    let given: string[] = [];
    const create: Machines["create"] = async (_name, _config, files) => {
      given = files.map(({ base64 }) => atob(base64));
      return { kind: "later", error: "busy", tooMany: false };
    };
    const { until } = world(story, T0 + 1000, { create }, true);
    await until(() => given.length > 0);
    expect(given.join("\n")).toMatch(/_elsewhere='(?:https:\/\/git\.example\/)?o\/r/);
  });
});

describe("a launch that nobody would use", () => {
  it("is not taken by a run that gives up before: those who come after the many who did are launched at once", async () => {
    const many = new QueueWorld({ launches: LAUNCHES });
    const before: string[] = [];
    for (let times = 0; times < 100; times++) before.push(await many.order({ timeouts }));
    await many.until(() => before.every((id) => many.run(id).run.settledAt !== null));
    const launched = before.filter((id) => many.run(id).run.status === "succeeded");
    expect(launched.length).toBeGreaterThan(LIMIT_MS / 1000 - 2);
    for (const id of before.filter((each) => !launched.includes(each)))
      expect(many.run(id).run).toMatchObject({ reason: "timed_out", limit: "queue" });
    many.now = Math.max(many.now, T0 + LIMIT_MS + 3000);
    const late = await many.order({ timeouts });
    expect(waitOf(many, late)).toBe(0);
    await many.until(() => many.run(late).run.settledAt !== null);
    expect(many.run(late).run.status).toBe("succeeded");
  });

  it("is not taken in place of one that was missed, either, and the run ends at its limit", async () => {
    const now = T0 + 20_000;
    const story = aStartingRun({ timeouts }, { app: "a", at: T0 + 10_000 });
    const { ports, drive, state, until, final, events } = world(story, now, {}, false, LAUNCHES);
    for (let times = 0; times < 60; times++) await ports.launches.take(now, { machineName: "" });
    expect(await advance(ports, drive)).toEqual({ pauseMs: queueLimitAt(state(), now) - now });
    expect(events()).toEqual([]);
    await until(final);
    expect(state().run).toMatchObject({ reason: "timed_out", limit: "queue" });
    const next = await ports.launches.take(now, { machineName: "" });
    expect(next?.at).toBe(now + 59_000);
  });

  it("is there for the next again where its run is cancelled and nobody came after it", async () => {
    const few = new QueueWorld({ launches: LAUNCHES });
    const runs: string[] = [];
    for (let times = 0; times < 6; times++) runs.push(await few.order({}));
    const wait = waitOf(few, runs[5] ?? "");
    for (const id of runs.slice(3).reverse()) {
      await few.cancel(id);
      await few.until(() => few.run(id).run.settledAt !== null);
    }
    const next = await few.order({});
    expect(waitOf(few, next)).toBeLessThan(wait - 2000);
  });

  it("is not put back by a run that never had it", async () => {
    const few = new QueueWorld({ launches: LAUNCHES });
    for (let times = 0; times < 5; times++) await few.order({});
    // It gives up when the one before it is launched.
    const idle = await few.order({ timeouts: { ...timeouts, queueMs: T0 + 3000 - few.now } });
    const paces = structuredClone([...few.store.paces.values()]);
    await few.cancel(idle);
    await few.until(() => few.run(idle).run.settledAt !== null);
    expect([...few.store.paces.values()]).toEqual(paces);
  });
});
