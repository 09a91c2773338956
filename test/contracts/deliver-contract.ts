/** What receiving a delivery keeps over any stores: killed at whatever step, it starts one run once it comes again. */

import { describe, expect, it } from "vitest";
import type { HookKey, HookSpec } from "../../src/core/hook/hook.ts";
import { isOfStranger } from "../../src/core/hook/run-delivery.ts";
import { type DeliverPorts, type Received, receive } from "../../src/flow/deliver.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { HookStore } from "../../src/flow/ports/hooks.ts";
import type { JobStore } from "../../src/flow/ports/jobs.ts";
import type { SecretKeeper } from "../../src/flow/ports/secrets.ts";
import type { Drivers, Store } from "../../src/flow/ports.ts";
import { resend } from "../../src/flow/resend.ts";
import { readDelivery } from "../../src/hooks/read-delivery.ts";
import { verify } from "../../src/hooks/verify.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";
import { aPush, githubCall, type SignedCall } from "../support/signed.ts";
import { aHook } from "./hook-store-contract.ts";

const ORG = "default";
const SECRET = "a secret of github's";

/** A worker that is killed: whoever waits for it hears nothing. */
class Killed extends Error {}

export function holdsTheDeliverContract({
  hooks,
  jobs,
  store,
  secrets,
  atOnce,
}: {
  hooks: HookStore;
  jobs: JobStore;
  store: Store;
  secrets: SecretKeeper;
  /** How many calls of one delivery come at once. */
  atOnce: number;
}): void {
  let version = 0;

  async function put(job: string, change: Partial<HookSpec> = {}): Promise<string> {
    version += 1;
    const seen = (await jobs.find(ORG, job))?.job ?? null;
    const definition = { run: { image: "x" } };
    const next = { version, definition, change: { kind: "put" as const }, createdAt: T0 };
    const wanted = [{ id: `deliver-${version}`, spec: aHook({ secrets: ["DELIVER"], ...change }) }];
    await secrets.set(ORG, "DELIVER", SECRET);
    expect(await jobs.put(ORG, job, seen, next, [], wanted)).not.toBeNull();
    const hook = await hooks.find(keyOf(job));
    return hook?.id ?? "";
  }

  const keyOf = (job: string): HookKey => ({ orgId: ORG, job, name: "github" });

  function portsOver(change: Partial<DeliverPorts> = {}): DeliverPorts {
    return {
      hooks,
      store,
      secrets,
      senders: { verify, read: readDelivery },
      clock: { now: () => T0 + 1000 },
      ids: { runId: (nowMs) => aRunId(nowMs) },
      drivers: { start: async () => {} } as unknown as Drivers,
      launches: launchesOver(store, { apps: ["deliver-tests"], perSecond: 1 }),
      defaultRegion: null,
      organizationLimit: null,
      orderOf: async ({ job }, { env }, change) => ({
        spec: aSpec({ env }),
        job: { name: job.name, version: job.version, input: "{}" },
        isWithoutSecrets: isOfStranger(change),
      }),
      ...change,
    };
  }

  const call = (ports: DeliverPorts, id: string, { headers, body }: SignedCall) =>
    receive(ports, id, headers, body);

  const runsOf = async (job: string) => {
    const none = { statuses: [], tag: null, originId: null, sinceMs: null, untilMs: null, beforeRunId: null };
    return (await store.list(ORG, { ...none, job, limit: 1000 })).runs.map(({ id }) => id);
  };

  /** Ports whose call of a number is the last one: it is not carried out, or it is and nobody hears of it. */
  function killedAt(last: number, isCarriedOut: boolean) {
    let calls = 0;
    const killing = <T extends object>(port: T): T =>
      new Proxy(port, {
        get(target, name) {
          const method = Reflect.get(target, name) as unknown;
          if (typeof method !== "function") return method;
          return async (...args: unknown[]) => {
            calls += 1;
            if (calls > last || (calls === last && !isCarriedOut)) throw new Killed();
            const answer = await (method as (...given: unknown[]) => unknown).apply(target, args);
            if (calls === last) throw new Killed();
            return answer;
          };
        },
      });
    const ports = portsOver();
    return {
      ports: {
        ...ports,
        hooks: killing(ports.hooks),
        store: killing(ports.store),
        secrets: killing(ports.secrets),
        launches: launchesOver(killing(ports.store), { apps: ["deliver-tests"], perSecond: 1 }),
      },
      wasReached: () => calls >= last,
    };
  }

  it.each([
    ["before it is carried out", false],
    ["once it is", true],
  ])(
    "a worker that is killed at any call, %s: the delivery that comes again has one run",
    async (_, done) => {
      const job = `killed-${done ? "after" : "before"}`;
      const id = await put(job);
      const expected: string[] = [];
      for (let last = 1; ; last++) {
        const { ports, wasReached } = killedAt(last, done);
        const sent = await githubCall(SECRET, { id: `${job}-${last}`, payload: aPush("main") });
        const first = await call(ports, id, sent).catch((error: unknown) => error);
        // A driver that does not hear is no reason to tell the sender of a failure: the sweep makes it good.
        const again = await call(portsOver(), id, sent);
        expect(again).toMatchObject({ kind: "recorded", delivery: { verdict: "started" } });
        expected.push((again as Received & { kind: "recorded" }).delivery.runId ?? "");
        if (!wasReached()) {
          expect(first).toMatchObject({ kind: "recorded", isNew: true });
          expect(last).toBeGreaterThan(3);
          break;
        }
      }
      expect(new Set(expected).size).toBe(expected.length);
      expect((await runsOf(job)).toSorted()).toEqual(expected.toSorted());
    },
  );

  it(`of ${atOnce} calls with one delivery at once one starts a run, and all are told of it`, async () => {
    const id = await put("at-once");
    const sent = await githubCall(SECRET, { id: "at-once", payload: aPush("main") });
    const answers = await Promise.all(Array.from({ length: atOnce }, () => call(portsOver(), id, sent)));
    const told = answers.map((answer) => (answer.kind === "recorded" ? answer : null));
    expect(told.filter((answer) => answer?.isNew)).toHaveLength(1);
    const [run] = await runsOf("at-once");
    expect(new Set(told.map((answer) => answer?.delivery.runId))).toEqual(new Set([run]));
    expect(await runsOf("at-once")).toHaveLength(1);
    expect(await hooks.delivery(keyOf("at-once"), "at-once")).toMatchObject({ repeats: atOnce - 1 });
  });

  describe("who is not let in", () => {
    it("is told the same of an unknown hook, a wrong signature, a secret that is gone and a deleted job", async () => {
      const id = await put("guarded");
      const sent = await githubCall(SECRET, { id: "guarded", payload: aPush("main") });
      const wrong = await githubCall("another secret", { id: "guarded", payload: aPush("main") });
      const unknown: Received = { kind: "unknown" };
      expect(await call(portsOver(), "nobody", sent)).toEqual(unknown);
      expect(await call(portsOver(), id, wrong)).toEqual(unknown);
      await secrets.remove(ORG, "DELIVER");
      expect(await call(portsOver(), id, sent)).toEqual(unknown);
      await secrets.set(ORG, "DELIVER", SECRET);
      await jobs.delete(ORG, "guarded", T0, null);
      expect(await call(portsOver(), id, sent)).toEqual(unknown);
      expect((await hooks.deliveries(keyOf("guarded"), { ...NO_FILTER })).deliveries).toEqual([]);
    });
  });

  const NO_FILTER = { verdict: null, runId: null, text: null, before: null, limit: 10 };

  describe("what starts no run is in the ledger all the same", () => {
    it.each([
      ["another event", { filter: { events: ["release"] } }, "filtered", "event"],
      ["another branch", { filter: { branches: ["release/**"] } }, "filtered", "branch"],
      ["an if that is false", { filter: { if: "false" } }, "filtered", "if"],
    ])("%s", async (what, change, verdict, why) => {
      const job = what.replaceAll(" ", "-");
      const id = await put(job, change);
      const sent = await githubCall(SECRET, { id: "1", payload: aPush("main") });
      const first = await call(portsOver(), id, sent);
      expect(first).toMatchObject({ isNew: true, delivery: { verdict, why, runId: null } });
      expect(await call(portsOver(), id, sent)).toMatchObject({ isNew: false, delivery: { verdict, why } });
      expect(await runsOf(job)).toEqual([]);
    });

    it("a paused job: what comes meanwhile can be resent later", async () => {
      const id = await put("paused");
      await jobs.pause(ORG, "paused", T0, T0);
      const sent = await githubCall(SECRET, { id: "1", payload: aPush("main") });
      expect(await call(portsOver(), id, sent)).toMatchObject({ delivery: { verdict: "paused" } });
      await jobs.pause(ORG, "paused", null, T0);
      expect(await call(portsOver(), id, sent)).toMatchObject({
        isNew: false,
        delivery: { verdict: "paused" },
      });
      expect(await resent("paused", "1")).toMatchObject({
        id: "1+resend.1",
        originId: "1",
        verdict: "started",
      });
    });

    it("what is no delivery of its sender's", async () => {
      const id = await put("unreadable");
      const sent = await githubCall(SECRET, { id: "1", payload: "{" });
      expect(await call(portsOver(), id, sent)).toMatchObject({ kind: "unreadable" });
      const { deliveries } = await hooks.deliveries(keyOf("unreadable"), NO_FILTER);
      expect(deliveries).toMatchObject([{ event: "unreadable", verdict: "refused", bodyBytes: 1 }]);
    });

    it("a ping", async () => {
      const id = await put("ping");
      const sent = await githubCall(SECRET, { id: "1", event: "ping", payload: { zen: "x", hook_id: 1 } });
      expect(await call(portsOver(), id, sent)).toMatchObject({ delivery: { verdict: "ping", runId: null } });
    });
  });

  async function resent(job: string, deliveryId: string) {
    const [hook, defined] = await Promise.all([hooks.find(keyOf(job)), jobs.find(ORG, job)]);
    const earlier = await hooks.delivery(keyOf(job), deliveryId);
    if (!hook || !defined || !earlier) throw new Error("there is nothing to resend");
    return (await resend(portsOver(), hook, defined, earlier, null)).delivery;
  }

  it("resent at once by several each is a delivery of its own, by the version in force, and names the first", async () => {
    const id = await put("resent", { filter: { events: ["release"] } });
    const sent = await githubCall(SECRET, { id: "1", payload: aPush("main") });
    await call(portsOver(), id, sent);
    await put("resent");
    const rows = await Promise.all(Array.from({ length: 5 }, () => resent("resent", "1")));
    expect(rows.map((row) => row.id).toSorted()).toEqual([1, 2, 3, 4, 5].map((n) => `1+resend.${n}`));
    expect(new Set(rows.map(({ originId, verdict }) => `${originId} ${verdict}`))).toEqual(
      new Set(["1 started"]),
    );
    expect(await resent("resent", "1+resend.2")).toMatchObject({ id: "1+resend.6", originId: "1" });
    expect(await runsOf("resent")).toHaveLength(6);
  });
}
