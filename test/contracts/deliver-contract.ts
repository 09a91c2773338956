/** What receiving a delivery keeps over any stores: killed at whatever step, it starts one run once it comes again. */

import { describe, expect, it } from "vitest";
import { AppError } from "../../src/core/error.ts";
import type { HookKey, HookSpec } from "../../src/core/hook/hook.ts";
import { isOfStranger } from "../../src/core/hook/run-delivery.ts";
import { CODE_SOURCES } from "../../src/core/hook/spec.ts";
import { DAY_MS, DELIVERY_BODY_KEPT_BYTES, DELIVERY_PARTS_MAX } from "../../src/core/limits.ts";
import { type DeliverPorts, type Received, receive } from "../../src/flow/deliver.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { DeliveryBodies, HookStore } from "../../src/flow/ports/hooks.ts";
import type { JobStore } from "../../src/flow/ports/jobs.ts";
import type { SecretKeeper } from "../../src/flow/ports/secrets.ts";
import type { Drivers, Store } from "../../src/flow/ports.ts";
import { resend } from "../../src/flow/resend.ts";
import { isKeptWhole, withWholeBody } from "../../src/flow/whole-body.ts";
import { readDelivery } from "../../src/hooks/read-delivery.ts";
import { verify } from "../../src/hooks/verify.ts";
import { bitbucketPush, bitbucketRef, SHA } from "../hooks/payloads.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";
import { aPush, githubCall, type SignedCall } from "../support/signed.ts";
import { aHook } from "./hook-store-contract.ts";

const ORG = "default";
const SECRET = "a secret of github's";

/** A worker that is killed: whoever waits for it hears nothing. */
class Killed extends Error {}

export function holdsTheDeliverContract({
  hooks,
  bodies,
  jobs,
  store,
  secrets,
  atOnce,
  ofEachAtOnce,
}: {
  hooks: HookStore;
  bodies: DeliveryBodies;
  jobs: JobStore;
  store: Store;
  secrets: SecretKeeper;
  /** How many calls of one delivery come at once. */
  atOnce: number;
  /** The same for each way in which a delivery is known. */
  ofEachAtOnce: number;
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
      bodies,
      store,
      secrets,
      senders: { verify, read: readDelivery },
      countRefused: () => undefined,
      clock: { now: () => T0 + 1000 },
      ids: { runId: (nowMs) => aRunId(nowMs) },
      drivers: { start: async () => {} } as unknown as Drivers,
      launches: launchesOver(store, { apps: ["deliver-tests"], perSecond: 1 }),
      defaultRegion: null,
      organizationLimit: null,
      orderOf: async ({ job }, { env }, told) => ({
        spec: aSpec({ env }),
        job: { name: job.name, version: job.version, input: "{}" },
        isWithoutSecrets: isOfStranger(told),
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
        bodies: killing(ports.bodies),
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

  const UNFIT: DeliverPorts["orderOf"] = async () => {
    throw new AppError("invalid_input", "must be something else", "input.a");
  };

  it.each([
    ["filtered", "push", aPush("main"), { filter: { branches: ["x"] } }, {}],
    ["ping", "ping", { zen: "x", hook_id: 1 }, {}, {}],
    ["refused", "push", aPush("main"), {}, { orderOf: UNFIT }],
    ["refused", "push", "{", {}, {}],
  ] satisfies [string, string, unknown, Partial<HookSpec>, Partial<DeliverPorts>][])(
    "a worker that is killed at any call of what is %s (%s): the ledger has it once, and no run",
    async (verdict, event, payload, change, ports) => {
      const job = `killed-${verdict}-${typeof payload}`;
      const id = await put(job, change);
      const callsIn = (rows: { repeats: number }[]) =>
        rows.reduce((sum, { repeats }) => sum + 1 + repeats, 0);
      let deliveries = 0;
      for (const done of [false, true])
        for (let last = 1; ; last++) {
          const killed = killedAt(last, done);
          const sent = await githubCall(SECRET, {
            id: `${done}-${last}`,
            event,
            payload: typeof payload === "string" ? payload.padEnd(2 * last + (done ? 1 : 0)) : payload,
          });
          await call({ ...killed.ports, ...ports }, id, sent).catch(() => undefined);
          const before = await rowsOf(job);
          await call(portsOver(ports), id, sent);
          const after = await rowsOf(job);
          deliveries += 1;
          // One row, whether the first call has stored it or the second, which counts as a repeat of what is there.
          expect(after).toHaveLength(deliveries);
          expect(callsIn(after)).toBe(callsIn(before) + 1);
          if (!killed.wasReached()) break;
        }
      expect(deliveries).toBeGreaterThan(6);
      for (const row of await rowsOf(job)) expect(row).toMatchObject({ verdict, runId: null });
      expect(await runsOf(job)).toEqual([]);
    },
  );

  it("a worker that is killed while it resends: each row has its run, and each run its row", async () => {
    const id = await put("killed-resend");
    await call(portsOver(), id, await githubCall(SECRET, { id: "1", payload: aPush("main") }));
    for (const done of [false, true])
      for (let last = 1; ; last++) {
        const { ports, wasReached } = killedAt(last, done);
        await resent("killed-resend", "1", ports).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
        const told = (await rowsOf("killed-resend")).map(({ runId, verdict }) => `${runId} ${verdict}`);
        const runs = (await runsOf("killed-resend")).map((run) => `${run} started`);
        expect(told.toSorted()).toEqual(runs.toSorted());
        if (!wasReached()) break;
      }
    expect(await rowsOf("killed-resend")).not.toHaveLength(1);
  });

  const ofBitbucket = (uuid: string, payload: object): SignedCall => ({
    headers: new Headers({ "x-event-key": "repo:push", "x-request-uuid": uuid }),
    body: Uint8Array.from(new TextEncoder().encode(JSON.stringify(payload))),
  });
  const trusting = { verify: async () => true, read: readDelivery };

  it("of a push of several refs each has its row, and its run where the hook takes it, wherever the worker is killed", async () => {
    const id = await put("refs", { source: "bitbucket", filter: { branches: ["main"], tags: ["v*"] } });
    const expected = [
      ["", "started", "refs/heads/main"],
      ["+ref.2", "started", "refs/tags/v1"],
      ["+ref.3", "filtered", "refs/heads/gone"],
    ];
    let pushes = 0;
    for (const done of [false, true])
      for (let last = 1; ; last++) {
        const { ports, wasReached } = killedAt(last, done);
        const uuid = `push-${++pushes}`;
        const push = ofBitbucket(uuid, bitbucketPush());
        await call({ ...ports, senders: trusting }, id, push).catch(() => undefined);
        const answer = await call(portsOver({ senders: trusting }), id, push);
        expect(answer).toMatchObject({ delivery: { id: uuid, verdict: "started" } });
        const rows = (await rowsOf("refs")).filter((row) => row.id.split("+")[0] === uuid);
        const told = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
        expect(told.map(({ id, verdict, change }) => [id.slice(uuid.length), verdict, change?.ref])).toEqual(
          expected,
        );
        for (const row of rows) {
          const found = await hooks.delivery(keyOf("refs"), row.id);
          expect(found).toMatchObject({ bodyOf: row.id === uuid ? null : uuid, body: push.body });
        }
        if (!wasReached()) break;
      }
    expect(await runsOf("refs")).toHaveLength(2 * pushes);
    expect(new Set((await rowsOf("refs")).flatMap(({ runId }) => runId ?? [])).size).toBe(2 * pushes);
    const again = await resent("refs", "push-1+ref.2");
    expect(again).toMatchObject({
      id: "push-1+ref.2+resend.1",
      originId: "push-1+ref.2",
      verdict: "started",
    });
    expect(again.change?.ref).toBe("refs/tags/v1");
    // Whatever becomes of the first one.
    expect(again.bodyOf).toBeNull();
  });

  it("a ref that comes later is of the first call's time, and has a body of its own where that came with another", async () => {
    const id = await put("late-refs", { source: "bitbucket" });
    const main = { new: bitbucketRef("branch", "main", SHA), old: null };
    const tag = { new: bitbucketRef("tag", "v1", SHA), old: null };
    const sent = async (changes: Parameters<typeof bitbucketPush>[0], at: number) => {
      const push = ofBitbucket("1", bitbucketPush(changes));
      await call(portsOver({ senders: trusting, clock: { now: () => at } }), id, push);
      return push.body;
    };
    const first = await sent([main], T0);
    const body = await sent([main, tag], T0 + DAY_MS);
    const row = (part: string) => hooks.delivery(keyOf("late-refs"), part);
    expect(await row("1")).toMatchObject({ body: first, receivedAt: T0, repeats: 1 });
    expect(await row("1+ref.2")).toMatchObject({ body, bodyOf: null, receivedAt: T0 + DAY_MS });
    const killed = await put("killed-refs", { source: "bitbucket" });
    const push = ofBitbucket("1", bitbucketPush([main, tag]));
    const { ports } = killedAt(5, true);
    await call({ ...ports, senders: trusting, clock: { now: () => T0 } }, killed, push).catch(() => null);
    expect(await rowsOf("killed-refs")).toMatchObject([{ id: "1" }]);
    await call(portsOver({ senders: trusting }), killed, push);
    const [second, one] = (await rowsOf("killed-refs")).map(({ receivedAt, bodyOf }) => ({
      receivedAt,
      bodyOf,
    }));
    expect([second, one]).toEqual([
      { receivedAt: T0, bodyOf: "1" },
      { receivedAt: T0, bodyOf: null },
    ]);
  });

  it("where the body's row is gone its other refs say so, and nobody resends them", async () => {
    const id = await put("gone-refs", { source: "bitbucket" });
    await call(portsOver({ senders: trusting }), id, ofBitbucket("1", bitbucketPush()));
    const [hook, defined] = await Promise.all([hooks.find(keyOf("gone-refs")), jobs.find(ORG, "gone-refs")]);
    const row = await hooks.delivery(keyOf("gone-refs"), "1+ref.2");
    if (!hook || !defined || !row) throw new Error("it is there");
    const left = { ...row, body: new Uint8Array() };
    expect(await isKeptWhole(bodies, left)).toBe(false);
    await expect(resend(portsOver(), hook, defined, left, null)).rejects.toThrow(
      `has a body of ${row.bodyBytes} bytes that was kept with the delivery 1, which is gone: have its sender`,
    );
  });

  it("of a push of more refs than are taken a row says which were left, and nobody resends that", async () => {
    const id = await put("many-refs", { source: "bitbucket" });
    const changes = Array.from({ length: DELIVERY_PARTS_MAX + 2 }, (_, at) => ({
      new: bitbucketRef("branch", `b${at + 1}`, SHA),
      old: null,
    }));
    await call(portsOver({ senders: trusting }), id, ofBitbucket("1", bitbucketPush(changes)));
    expect(await runsOf("many-refs")).toHaveLength(DELIVERY_PARTS_MAX);
    const restId = `1+ref.${DELIVERY_PARTS_MAX + 1}`;
    const rest = await hooks.delivery(keyOf("many-refs"), restId);
    expect(rest).toMatchObject({ verdict: "refused", runId: null, change: null, bodyOf: "1" });
    expect(rest?.detail).toMatch(
      /^it moved 22 refs at once, of which 20 are taken; left are refs\/heads\/b21, /,
    );
    await expect(resent("many-refs", restId)).rejects.toThrow("too many at once: push each of them again");
  });

  it("a body that is too long for a row is kept whole beside it, wherever the worker is killed, until it is forgotten", async () => {
    const id = await put("large");
    const zen = "é".repeat(DELIVERY_BODY_KEPT_BYTES / 2);
    const sent = await githubCall(SECRET, { id: "1", payload: aPush("main", { zen }) });
    for (const done of [false, true])
      for (let last = 1; ; last++) {
        const { ports, wasReached } = killedAt(last, done);
        const again = { ...sent, headers: new Headers(sent.headers) };
        again.headers.set("x-github-delivery", `${done}-${last}`);
        const answer = await call(ports, id, again).catch(() => null);
        const row = await hooks.delivery(keyOf("large"), `${done}-${last}`);
        // One that was answered is there, and one that is there is whole.
        if (answer !== null) expect(row).not.toBeNull();
        if (row !== null) {
          const whole = (await withWholeBody(bodies, row)).body;
          expect([row.body.length, Buffer.compare(whole, sent.body)]).toEqual([DELIVERY_BODY_KEPT_BYTES, 0]);
        }
        if (!wasReached()) break;
      }
    await call(portsOver(), id, sent);
    expect(await resent("large", "1")).toMatchObject({ verdict: "started", bodyBytes: sent.body.length });
    expect(await bodies.forget(T0)).toBe(0);
    await bodies.forget(T0 + 2 * DAY_MS);
    await expect(resent("large", "1")).rejects.toThrow(
      `has a body of ${sent.body.length} bytes, of which ${DELIVERY_BODY_KEPT_BYTES} are kept`,
    );
  });

  it("a long body of several refs is put once for all of them, whole for each, and not again where it is known", async () => {
    const id = await put("large-refs", { source: "bitbucket" });
    const payload = { ...bitbucketPush(), padding: "x".repeat(DELIVERY_BODY_KEPT_BYTES) };
    const push = ofBitbucket("1", payload);
    let puts = 0;
    let now = T0 + DAY_MS - 1;
    const counted: DeliveryBodies = {
      ...bodies,
      put: async (...body) => {
        puts += 1;
        await bodies.put(...body);
      },
    };
    // A clock that goes on, into the next day.
    const clock = { now: () => now++ };
    const ports = () => portsOver({ senders: trusting, bodies: counted, clock });
    await call(ports(), id, push);
    now += DAY_MS;
    await call(ports(), id, push);
    expect(puts).toBe(1);
    const rows = await rowsOf("large-refs");
    expect(rows).toHaveLength(3);
    for (const { id: part } of rows) {
      const row = await hooks.delivery(keyOf("large-refs"), part);
      const whole = row && (await withWholeBody(bodies, row)).body;
      expect(whole && Buffer.compare(whole, push.body)).toBe(0);
    }
  });

  it("where no body can be kept whole the delivery is taken all the same", async () => {
    const id = await put("no-bodies");
    const zen = "x".repeat(DELIVERY_BODY_KEPT_BYTES);
    const sent = await githubCall(SECRET, { id: "1", payload: aPush("main", { zen }) });
    const down = async () => {
      throw new Error("R2 is down");
    };
    const ports = portsOver({ bodies: { ...bodies, put: down } });
    expect(await call(ports, id, sent)).toMatchObject({ isNew: true, delivery: { verdict: "started" } });
  });

  const BODY = { id: "evt_1", type: "x", object: { number: 7 } };
  const GITLAB = { "x-gitlab-event": "Push Hook" };
  const BY_HEADER = { signature: null, dedupe: { header: "X-Id" } };
  const BY_EXPRESSION = { signature: null, dedupe: { expression: "payload.object.number" } };
  /** What is another each time that a sender tries, beside what it knows a delivery by. */
  const again = (attempt: number) => ({
    "webhook-timestamp": String(attempt),
    "x-attempt-number": `${attempt}`,
  });

  it.each([
    ["github", "X-GitHub-Delivery", {}, { "x-github-event": "push", "x-github-delivery": "1" }],
    ["gitlab", "Idempotency-Key", {}, { ...GITLAB, "idempotency-key": "1" }],
    ["gitlab", "webhook-id", {}, { ...GITLAB, "webhook-id": "1" }],
    ["gitlab", "X-Gitlab-Event-UUID and its body", {}, { ...GITLAB, "x-gitlab-event-uuid": "1" }],
    ["gitea", "X-Gitea-Delivery", {}, { "x-gitea-event": "push", "x-gitea-delivery": "1" }],
    ["bitbucket", "X-Request-UUID", {}, { "x-event-key": "repo:push", "x-request-uuid": "1" }],
    ["stripe", "its event's id", {}, {}],
    ["standard", "webhook-id", {}, { "webhook-id": "1" }],
    ["generic", "its body", {}, {}],
    ["generic", "a header", { options: BY_HEADER }, { "x-id": "1" }],
    ["generic", "a header that is too long", { options: BY_HEADER }, { "x-id": "x".repeat(5000) }],
    ["generic", "an expression", { options: BY_EXPRESSION }, {}],
  ] satisfies [HookSpec["source"], string, Partial<HookSpec>, Record<string, string>][])(
    "one delivery of %s's, known by %s, is one run however often it comes, at once and later; another is another",
    async (source, by, change, headers) => {
      const job = `ids-${source}-${by.replaceAll(/\W+/g, "-").toLowerCase()}`;
      // The body tells of no change in code.
      const filter = CODE_SOURCES.has(source) ? { events: ["push", "repo:push"] } : {};
      const id = await put(job, { source, filter, ...change });
      // That each signs as it does is tested elsewhere.
      const ports = portsOver({ senders: trusting });
      let attempts = 0;
      const deliver = (body: object, own: Record<string, string> = headers) =>
        call(ports, id, {
          headers: new Headers({ ...again(++attempts), ...own }),
          body: Uint8Array.from(new TextEncoder().encode(JSON.stringify(body))),
        });
      const first = await Promise.all(Array.from({ length: ofEachAtOnce }, () => deliver(BODY)));
      const later = [await deliver(BODY), await deliver(BODY)];
      const [run, ...others] = await runsOf(job);
      expect(others).toEqual([]);
      for (const told of [...first, ...later]) expect(told).toMatchObject({ delivery: { runId: run } });
      expect((await rowsOf(job)).map(({ repeats }) => repeats)).toEqual([ofEachAtOnce + 1]);
      const next = { id: "evt_2", type: "x", object: { number: 8 } };
      const changed = Object.entries(headers).map(([name, value]) => [name, value.replace(/^[1x]/, "2")]);
      await deliver(next, Object.fromEntries(changed));
      expect(await runsOf(job)).toHaveLength(2);
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

  const rowsOf = async (job: string) =>
    (await hooks.deliveries(keyOf(job), { ...NO_FILTER, limit: 1000 })).deliveries;

  async function resent(job: string, deliveryId: string, ports = portsOver()) {
    const [hook, defined] = await Promise.all([hooks.find(keyOf(job)), jobs.find(ORG, job)]);
    const earlier = await hooks.delivery(keyOf(job), deliveryId);
    if (!hook || !defined || !earlier) throw new Error("there is nothing to resend");
    return (await resend(ports, hook, defined, earlier, null)).delivery;
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
