/** What every store of hooks keeps, with the stores of jobs, runs and secrets beside it. */

import { describe, expect, it } from "vitest";
import type { HookKey, HookSpec } from "../../src/core/hook/hook.ts";
import { acceptRun } from "../../src/core/lifecycle.ts";
import { REFUSED_CALLS_APART_MS } from "../../src/core/limits.ts";
import type { DeliveryFilter, DeliveryPlace, HookStore, NewDelivery } from "../../src/flow/ports/hooks.ts";
import type { JobStore } from "../../src/flow/ports/jobs.ts";
import type { SealedSecret, SecretStore } from "../../src/flow/ports/secrets.ts";
import type { Store } from "../../src/flow/ports.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";

const ORG = "default";

export function aHook(change: Partial<HookSpec> = {}): HookSpec {
  return {
    name: "github",
    source: "github",
    secrets: ["HOOK"],
    options: { signature: null, dedupe: null },
    filter: {},
    map: {},
    ...change,
  };
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** A row of a ledger: of a push that was filtered. */
export function aDelivery(key: HookKey, id: string, change: Partial<NewDelivery> = {}): NewDelivery {
  return {
    ...key,
    id,
    receivedAt: T0,
    source: "github",
    event: "push",
    action: null,
    verdict: "filtered",
    why: "branch",
    detail: "it is another branch",
    jobVersion: 1,
    runId: null,
    originId: null,
    isWithoutSecrets: false,
    change: null,
    bodyBytes: 4,
    bodySha256: "abcd",
    bodyOf: null,
    headers: { "x-github-event": "push" },
    body: bytes("{}\u00e9"),
    ...change,
  };
}

/** Holds stores, which may have other hooks in them, to the contract. */
export function holdsTheHookStoreContract({
  hooks,
  jobs,
  store,
  secrets,
}: {
  hooks: HookStore;
  jobs: JobStore;
  store: Store;
  secrets: SecretStore;
}): void {
  let made = 0;
  const anId = () => `id${++made}`;

  async function put(job: string, specs: HookSpec[], at = T0, run: object = {}): Promise<void> {
    const seen = (await jobs.find(ORG, job))?.job ?? null;
    const version = (seen?.version ?? 0) + 1;
    const definition = { run: { image: "x", ...run } };
    const next = { version, definition, change: { kind: "put" as const }, createdAt: at };
    const wanted = specs.map((spec) => ({ id: anId(), spec }));
    expect(await jobs.put(ORG, job, seen, next, [], wanted)).not.toBeNull();
  }

  const keyOf = (job: string, name = "github"): HookKey => ({ orgId: ORG, job, name });

  async function idOf(key: HookKey): Promise<string> {
    const hook = await hooks.find(key);
    if (hook === null) throw new Error(`there is no hook ${key.job}/${key.name}`);
    return hook.id;
  }

  function aSecret(name: string, version = 1): SealedSecret {
    const told = { name, version, redacted: true, createdAt: T0, setAt: T0 + version, size: 3 };
    return { ...told, keyId: "k", iv: Uint8Array.of(1), ciphertext: Uint8Array.of(version), retiredAt: null };
  }

  /** A run for a delivery, and its row. */
  function aRunFor(key: HookKey, id: string) {
    const job = { name: key.job, version: 1, input: "{}" };
    const of = { hook: key.name, id, source: "github" as const, event: "push", change: null };
    const delivery = { ...of, isWithoutSecrets: false };
    const event = { type: "accepted" as const, at: T0, spec: aSpec(), originId: null, job, delivery };
    const state = acceptRun(aRunId(), ORG, event);
    const row = aDelivery(key, id, { verdict: "started", why: null, detail: null, runId: state.run.id });
    return { state, event, row };
  }

  const EVERYTHING: DeliveryFilter = { verdict: null, runId: null, text: null, before: null, limit: 1000 };
  const ids = async (key: HookKey, filter: Partial<DeliveryFilter> = {}) =>
    (await hooks.deliveries(key, { ...EVERYTHING, ...filter })).deliveries.map(({ id }) => id);

  describe("a job's hooks are those of its definition", () => {
    it("one keeps its URL over versions by its name, has what is new of it, and goes where it is left out", async () => {
      await put("edited", [aHook(), aHook({ name: "b" })]);
      const [first, second] = [await idOf(keyOf("edited")), await idOf(keyOf("edited", "b"))];
      const spec = aHook({ secrets: ["OTHER"], filter: { branches: ["main"] } });
      await put("edited", [spec, aHook({ name: "c" })], T0 + 5);
      expect(await hooks.find(keyOf("edited"))).toEqual({
        ...keyOf("edited"),
        id: first,
        spec,
        createdAt: T0,
        urlSince: T0,
        refused: null,
      });
      expect((await hooks.ofJob(ORG, "edited")).map(({ name }) => name)).toEqual(["c", "github"]);
      expect(await hooks.called(second)).toBeNull();
      expect(await hooks.called(first)).toMatchObject({ hook: { spec }, job: { job: { version: 2 } } });
    });

    it("a deleted job has none, and one that comes back has others", async () => {
      await put("gone", [aHook()]);
      const id = await idOf(keyOf("gone"));
      expect(await jobs.delete(ORG, "gone", T0 + 1, 7)).toBe(false);
      expect(await hooks.called(id)).not.toBeNull();
      expect(await jobs.delete(ORG, "gone", T0 + 1, null)).toBe(true);
      expect([await hooks.called(id), await hooks.find(keyOf("gone"))]).toEqual([null, null]);
      await put("gone", [aHook()]);
      expect(await idOf(keyOf("gone"))).not.toBe(id);
      expect(await hooks.called(id)).toBeNull();
    });

    it("a change that comes too late changes no hook", async () => {
      await put("late", [aHook()]);
      const seen = (await jobs.find(ORG, "late"))?.job ?? null;
      await put("late", [aHook()]);
      const change = { version: 2, definition: { run: {} }, change: { kind: "put" as const }, createdAt: T0 };
      expect(await jobs.put(ORG, "late", seen, change, [], [])).toBeNull();
      expect(await hooks.ofJob(ORG, "late")).toHaveLength(1);
    });

    it("they come in pages by job and name", async () => {
      await put("pages-a", [aHook(), aHook({ name: "b" })]);
      await put("pages-b", [aHook()]);
      const first = await hooks.list(ORG, { job: "pages-a", name: "" }, 2);
      expect(first.map(({ job, name }) => `${job}/${name}`)).toEqual(["pages-a/b", "pages-a/github"]);
      const [next] = await hooks.list(ORG, { job: "pages-a", name: "github" }, 1);
      expect(next?.job).toBe("pages-b");
    });

    it("one gets another URL and keeps its ledger", async () => {
      const key = keyOf("rotated");
      await put("rotated", [aHook()]);
      const before = await idOf(key);
      await hooks.record(aDelivery(key, "1"), T0);
      expect(await hooks.rotate(key, "another", T0 + 5)).toMatchObject({ id: "another", urlSince: T0 + 5 });
      expect(await hooks.called(before)).toBeNull();
      expect((await hooks.called("another"))?.hook).toMatchObject(key);
      expect(await ids(key)).toEqual(["1"]);
      expect(await hooks.rotate(keyOf("nobody"), "x", T0)).toBeNull();
    });

    it("one adds up the calls of its URL that were not let in, as long as they are not far apart", async () => {
      const key = keyOf("refused");
      await put("refused", [aHook()]);
      const id = await idOf(key);
      const added = async (calls: number, sinceMs: number, lastMs: number, url = id) => {
        await hooks.addRefused(url, { calls, since: T0 + sinceMs, lastAt: T0 + lastMs });
        return (await hooks.find(key))?.refused ?? null;
      };
      expect(await added(9, 0, 0, "nobody's")).toBeNull();
      expect(await added(1, 10, 10)).toEqual({ calls: 1, since: T0 + 10, lastAt: T0 + 10 });
      // Two isolates write at about the same time.
      expect(await added(3, 20, 90)).toEqual({ calls: 4, since: T0 + 10, lastAt: T0 + 90 });
      expect(await added(2, 5, 80)).toEqual({ calls: 6, since: T0 + 5, lastAt: T0 + 90 });
      const far = 90 + REFUSED_CALLS_APART_MS;
      expect(await added(1, far, far)).toEqual({ calls: 1, since: T0 + far, lastAt: T0 + far });
      await put("refused", [aHook({ secrets: ["OTHER"] })]);
      expect((await hooks.find(key))?.refused?.calls).toBe(1);
      expect((await hooks.rotate(key, "refused-no-more", T0))?.refused).toBeNull();
    });
  });

  it("a call is given the job, and of the hook's and the run's secrets those in force, which are not mixed up", async () => {
    await secrets.put(ORG, aSecret("CALLED_A"));
    await secrets.put(ORG, aSecret("CALLED_A", 2));
    await secrets.put(ORG, aSecret("CALLED_B"));
    await secrets.put(ORG, aSecret("CALLED_C"));
    await secrets.retire(ORG, "CALLED_B", T0 + 9);
    const hook = aHook({ secrets: ["CALLED_A", "CALLED_B", "CALLED_D"] });
    const checkout = { repository: "https://git.example/a", token: "CALLED_E", deploy_key: "CALLED_F" };
    await put("called", [hook], T0, { secrets: { X: "CALLED_A", Y: "CALLED_B", Z: "CALLED_C" }, checkout });
    await secrets.put(ORG, aSecret("CALLED_E"));
    const called = await hooks.called(await idOf(keyOf("called")));
    expect(called?.job).toEqual(await jobs.find(ORG, "called"));
    expect(called?.secrets).toEqual([aSecret("CALLED_A", 2)]);
    const inForce = ["CALLED_A", "CALLED_C", "CALLED_E"].map((name) => ({ name, size: 3 }));
    expect(called?.runSecrets.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(inForce);
    // Without any, and where a checkout is only true.
    await put("called", [hook], T0, { checkout: true });
    expect(await hooks.called(await idOf(keyOf("called")))).toMatchObject({ runSecrets: [] });
  });

  describe("a delivery is in the ledger once", () => {
    it("without a run: each later call is counted and told the first one's verdict", async () => {
      const key = keyOf("once");
      const first = await hooks.record(aDelivery(key, "a/b"), T0);
      expect(first).toMatchObject({ isNew: true, delivery: { verdict: "filtered", repeats: 0 } });
      const paused = aDelivery(key, "a/b", { verdict: "paused", why: null, receivedAt: T0 + 1 });
      const again = await hooks.record(paused, T0 + 1);
      expect(again).toMatchObject({
        isNew: false,
        delivery: { verdict: "filtered", why: "branch", receivedAt: T0, repeats: 1, repeatedAt: T0 + 1 },
      });
      expect(await hooks.delivery(key, "a/b")).toEqual({
        ...aDelivery(key, "a/b"),
        repeats: 1,
        repeatedAt: T0 + 1,
        run: null,
      });
    });

    it("with its run: both are stored, or neither", async () => {
      const key = keyOf("runs");
      const { state, event, row } = aRunFor(key, "1");
      expect(await store.accept(state, [event], null, row)).toEqual({ kind: "accepted" });
      // The call that comes a second time is told so a second time.
      expect(await store.accept(state, [event], null, row)).toEqual({ kind: "accepted" });
      const other = aRunFor(key, "1");
      expect(await store.accept(other.state, [other.event], null, other.row)).toEqual({ kind: "delivered" });
      expect(await store.load(other.state.run.id)).toBeNull();
      expect(await hooks.repeated(key, "1", T0 + 3)).toMatchObject({
        runId: state.run.id,
        repeats: 1,
        repeatedAt: T0 + 3,
      });
      expect((await store.load(state.run.id))?.run.delivery).toEqual(event.delivery);
      expect((await hooks.delivery(key, "1"))?.run).toEqual({ status: "queued", reason: null });
      const [accepted] = await store.events(state.run.id, 0, 10);
      expect(accepted?.event).toEqual(event);
    });

    it("a delivery that was filtered starts no run when it comes again", async () => {
      const key = keyOf("filtered-first");
      await hooks.record(aDelivery(key, "1"), T0);
      const { state, event, row } = aRunFor(key, "1");
      expect(await store.accept(state, [event], null, row)).toEqual({ kind: "delivered" });
      expect(await hooks.delivery(key, "1")).toMatchObject({ verdict: "filtered", runId: null });
    });

    it("of two hundred calls at once one has a run", async () => {
      const key = keyOf("at-once");
      const calls = Array.from({ length: 200 }, () => aRunFor(key, "same"));
      const results = await Promise.all(
        calls.map(({ state, event, row }) => store.accept(state, [event], null, row)),
      );
      expect(results.filter(({ kind }) => kind === "accepted")).toHaveLength(1);
      expect(results.filter(({ kind }) => kind === "delivered")).toHaveLength(199);
      const winner = calls[results.findIndex(({ kind }) => kind === "accepted")]?.state.run.id;
      expect(await hooks.deliveries(key, EVERYTHING)).toMatchObject({ deliveries: [{ runId: winner }] });
      const filter = {
        statuses: [],
        tag: null,
        originId: null,
        sinceMs: null,
        untilMs: null,
        beforeRunId: null,
      };
      const { runs } = await store.list(ORG, { ...filter, job: "at-once", limit: 10 });
      expect(runs.map(({ id }) => id)).toEqual([winner]);
    });

    it("the same id is another delivery at another hook", async () => {
      const [a, b] = [keyOf("two"), keyOf("two", "b")];
      expect((await hooks.record(aDelivery(a, "1"), T0)).isNew).toBe(true);
      expect((await hooks.record(aDelivery(b, "1"), T0)).isNew).toBe(true);
    });

    it("nobody counts one that there is not", async () => {
      expect(await hooks.repeated(keyOf("none"), "1", T0)).toBeNull();
      expect(await hooks.delivery(keyOf("none"), "1")).toBeNull();
    });
  });

  describe("a ledger", () => {
    it("comes newest first, in pages, also where several came in one millisecond", async () => {
      const key = keyOf("paged");
      for (let n = 0; n < 7; n++)
        await hooks.record(aDelivery(key, `d${n}`, { receivedAt: T0 + Math.floor(n / 3) }), T0);
      const seen: string[] = [];
      for (let before: DeliveryPlace | null = null, more = true; more; ) {
        const page = await hooks.deliveries(key, { ...EVERYTHING, before, limit: 2 });
        seen.push(...page.deliveries.map(({ id }) => id));
        before = page.nextBefore;
        more = before !== null;
      }
      expect(seen).toEqual(["d6", "d5", "d4", "d3", "d2", "d1", "d0"]);
      expect(await hooks.lastDeliveries([key, keyOf("nobody")])).toMatchObject([{ id: "d6", run: null }]);
    });

    it("is searched by verdict, run and text", async () => {
      const key = keyOf("searched");
      const { state, event, row } = aRunFor(key, "with-run");
      await store.accept(state, [event], null, row);
      const of = (id: string, change: Partial<NewDelivery>) => hooks.record(aDelivery(key, id, change), T0);
      await of("in-body", { body: bytes('{"ref":"refs/heads/Feature-X"}'), detail: null });
      await of("in-detail", { detail: "it says feature-x" });
      await of("in-headers", { headers: { "x-what": "FEATURE-X" } });
      await of("no-text", { body: Uint8Array.of(0xff, 0, 0xfe), verdict: "paused" });
      expect(await ids(key, { verdict: "started" })).toEqual(["with-run"]);
      expect(await ids(key, { verdict: "paused" })).toEqual(["no-text"]);
      expect(await ids(key, { runId: state.run.id })).toEqual(["with-run"]);
      expect(await ids(key, { text: "feature-X" })).toEqual(["in-headers", "in-detail", "in-body"]);
      expect(await ids(key, { text: "feature-X", verdict: "started" })).toEqual([]);
      expect(await ids(key, { text: "%" })).toEqual([]);
      expect(await ids(key, { text: "a page\u0000" })).toEqual([]);
    });

    it("tells the newest with their bodies, within a bound of bytes, and none that was resent", async () => {
      const key = keyOf("newest");
      const of = (n: number, change: Partial<NewDelivery> = {}) =>
        hooks.record(
          aDelivery(key, `d${n}`, {
            receivedAt: T0 + n,
            body: bytes("x".repeat(10)),
            bodyBytes: 10,
            ...change,
          }),
          T0,
        );
      for (let n = 0; n < 4; n++) await of(n);
      await of(4, { originId: "d3" });
      const newest = async (limit: number, maxBytes: number) =>
        (await hooks.newest(key, limit, maxBytes)).map(({ id }) => id);
      expect(await newest(3, 1000)).toEqual(["d3", "d2", "d1"]);
      expect(await newest(3, 25)).toEqual(["d3", "d2"]);
      expect(await newest(3, 5)).toEqual(["d3"]);
      expect((await hooks.newest(key, 1, 100))[0]?.body).toEqual(bytes("x".repeat(10)));
    });

    it("has the body of several refs once: each finds it, also in a search, and it goes when the last of them is gone", async () => {
      const key = keyOf("zz-shared");
      const body = bytes('{"refs":"Feature-Y"}');
      const of = (id: string, change: Partial<NewDelivery> = {}) =>
        hooks.record(aDelivery(key, id, { body, bodyBytes: body.length, ...change }), T0);
      const part: Partial<NewDelivery> = { body: new Uint8Array(), bodyOf: "1" };
      await of("1");
      await of("1+ref.2", part);
      await of("1+ref.3", { ...part, receivedAt: T0 + 9 });
      await of("1+reg.4", { body: bytes("{}") });
      // Of another body, as of a delivery that came once the first was gone.
      await of("1+ref.5", { ...part, bodySha256: "other" });
      const found = await hooks.delivery(key, "1+ref.2");
      expect(found).toMatchObject({ bodyOf: "1", body });
      expect((await hooks.delivery(key, "1+ref.5"))?.body).toEqual(new Uint8Array());
      expect((await hooks.newest(key, 5, 1000)).map((row) => row.body.length)).toEqual([20, 2, 0, 20, 20]);
      expect(await ids(key, { text: "feature-y" })).toEqual(["1+ref.3", "1+ref.2", "1"]);
      expect(await hooks.forget([key], T0 + 1, 10)).toBe(3);
      expect(await ids(key)).toEqual(["1+ref.3", "1"]);
      expect((await hooks.delivery(key, "1+ref.3"))?.body).toEqual(body);
      expect(await hooks.forget([key], T0 + 10, 10)).toBe(1);
      expect(await hooks.forget([key], T0 + 10, 10)).toBe(1);
      expect(await ids(key)).toEqual([]);
    });

    it("counts what was resent", async () => {
      const key = keyOf("resent");
      for (const id of ["a", "a+resend.1", "a+resend.2", "a+resendx", "b+resend.1"])
        await hooks.record(aDelivery(key, id), T0);
      expect([await hooks.resends(key, "a"), await hooks.resends(key, "c")]).toEqual([2, 0]);
    });

    it("is forgotten where it is old, some at a time, and other ledgers are left alone", async () => {
      const [old, other] = [keyOf("zz-old"), keyOf("zz-other")];
      for (let n = 0; n < 5; n++) {
        await hooks.record(aDelivery(old, `d${n}`, { receivedAt: T0 + n }), T0);
        await hooks.record(aDelivery(other, `d${n}`, { receivedAt: T0 + n }), T0);
      }
      expect(await hooks.ledgers(keyOf("zz-"), 10)).toEqual([old, other]);
      expect(await hooks.ledgers(keyOf("zz-"), 1)).toEqual([old]);
      expect(await hooks.ledgers(other, 10)).toEqual([]);
      expect(await hooks.forget([old], T0 + 4, 3)).toBe(3);
      expect(await hooks.forget([old], T0 + 4, 3)).toBe(1);
      expect(await hooks.forget([old], T0 + 4, 3)).toBe(0);
      expect([await ids(old), (await ids(other)).length]).toEqual([["d4"], 5]);
    });
  });
}
