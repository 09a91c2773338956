/** What every Store keeps. */

import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/event.ts";
import { applyEvents } from "../../src/core/lifecycle.ts";
import { COMMITS_OF_PREFIX_MAX, LAUNCH_AHEAD_MAX_MS, LAUNCH_BURST } from "../../src/core/limits.ts";
import { NO_OUTPUT, OUTPUT_START, type OutputChunk } from "../../src/core/output.ts";
import { type AppPace, afterRefusal, afterTaking, launchAt, nextApp } from "../../src/core/pace.ts";
import { planAttempt } from "../../src/core/plan.ts";
import type { RunFilter, Store } from "../../src/flow/ports.ts";
import {
  aBootingRun,
  aBuild,
  aChange,
  aQueuedRun,
  aRetryingRun,
  aRunningRun,
  aStartingRun,
  aSucceededRun,
  followedBy,
  type Story,
  T0,
} from "../support/a-run.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { holdsLaunchLine } from "./store-launch-line.ts";
import { holdsQueues } from "./store-queues.ts";

const everything: RunFilter = {
  statuses: [],
  tag: null,
  originId: null,
  job: null,
  commit: null,
  branch: null,
  sinceMs: null,
  untilMs: null,
  beforeRunId: null,
  limit: 100,
};

function chunk(seq: number, offset: number, text: string): OutputChunk {
  const bytes = new TextEncoder().encode(text);
  return {
    attempt: 1,
    seq,
    stream: "stdout",
    offset,
    length: bytes.length,
    at: T0 + seq,
    bytes,
    blobKey: null,
  };
}

/** Holds a store, which may have other runs in it, to the contract. */
export function holdsTheStoreContract(store: Store): void {
  async function stored(story: Story): Promise<Story> {
    await store.accept(story.state, story.events, null);
    return story;
  }

  describe("the number of an event is the lock", () => {
    it("lets one of two writers win and leaves no trace of the other", async () => {
      const { state } = await stored(aBootingRun());
      const started: RunEvent = { type: "machine_started", at: T0 + 5, attempt: 1 };
      const cancel: RunEvent = { type: "cancel_requested", at: T0 + 6 };
      const results = await Promise.all([
        store.record(state, [started], [chunk(1, 0, "from the first")]),
        store.record(state, [cancel], []),
      ]);
      expect(results.filter((result) => result !== null)).toHaveLength(1);
      const winner = results.find((result) => result !== null);
      expect(await store.load(state.run.id)).toEqual(winner);
      expect(await store.events(state.run.id, state.run.version, 10)).toHaveLength(1);
      const output = await store.readOutput(state.run.id, OUTPUT_START, 10);
      expect(output).toHaveLength(results[0] === null ? 0 : 1);
    });

    it("refuses a writer that comes late with what it knew before", async () => {
      const { state } = await stored(aRunningRun());
      const settled = aSucceededRun().events.slice(-2);
      expect(await store.record(state, settled, [chunk(1, 0, "hi\n")])).not.toBeNull();
      const before = await store.load(state.run.id);
      expect(await store.record(state, [{ type: "cancel_requested", at: T0 + 9 }], [])).toBeNull();
      expect(await store.load(state.run.id)).toEqual(before);
    });

    it("gives many writers of one number one winner", async () => {
      const { state } = await stored(aStartingRun());
      const writers = Array.from({ length: 20 }, (_, index) =>
        store.record(
          state,
          [
            {
              type: "machine_created",
              at: T0 + index,
              attempt: 1,
              machineId: `m${index}`,
              region: null,
              adopted: false,
            },
          ],
          [],
        ),
      );
      const results = await Promise.all(writers);
      const winner = results.find((result) => result !== null);
      expect(results.filter((result) => result !== null)).toHaveLength(1);
      expect((await store.load(state.run.id))?.attempts[0]?.machineId).toBe(winner?.attempts[0]?.machineId);
    });
  });

  describe("what is stored comes back", () => {
    it("loads a run as its events made it, through every status", async () => {
      for (const story of [
        aQueuedRun(),
        aStartingRun(),
        aBootingRun(),
        aRunningRun(),
        aRetryingRun(),
        aSucceededRun(),
      ]) {
        await stored(story);
        expect(await store.load(story.state.run.id)).toEqual(story.state);
      }
    });

    it("records the end of an attempt and the plan of the next in one", async () => {
      const { state } = await stored(aRunningRun());
      const failed = aRetryingRun().events.at(-1) as RunEvent;
      const gone: RunEvent = { type: "machine_released", at: T0 + 2000, attempt: 1, events: [] };
      const between = applyEvents(state, [failed, gone]);
      if (between === null) throw new Error("a running attempt can fail and be released");
      const after = await store.record(state, [failed, gone, planAttempt(between, null, T0 + 62_000)], []);
      expect(after?.attempts).toHaveLength(2);
      expect(await store.load(state.run.id)).toEqual(after);
    });

    it("keeps every event whole and in order", async () => {
      const story = await stored(aRetryingRun({ env: { A: "1" }, script: "echo", command: null }));
      const events = await store.events(story.state.run.id, 0, 100);
      expect(events.map(({ seq }) => seq)).toEqual(story.events.map((_, index) => index + 1));
      expect(events.map(({ event }) => event)).toEqual(story.events);
    });

    it("records fifty-five events at once, each whole and in order", async () => {
      const { state } = await stored(aRunningRun());
      const from = { stdout: 0, stderr: 0 };
      const times = { startedAt: T0 + 1, endedAt: T0 + 2 };
      const events: RunEvent[] = Array.from({ length: 55 }, (_, index) => ({
        ...{
          type: "step_ended",
          at: T0 + 2000,
          attempt: 1,
          step: index + 1,
          exitCode: index,
          timedOut: false,
        },
        ...{ ...times, from, to: from },
      }));
      const after = await store.record(state, events, []);
      expect(after?.attempts[0]?.steps).toHaveLength(55);
      expect(await store.load(state.run.id)).toEqual(after);
      const kept = await store.events(state.run.id, state.run.version, 100);
      expect(kept).toEqual(events.map((event, index) => ({ seq: state.run.version + 1 + index, event })));
    });

    it("answers null for a run that does not exist", async () => {
      expect(await store.load("run_00000000000000000000000000")).toBeNull();
    });

    it("keeps output byte for byte, and knows where the next read goes on", async () => {
      const { state } = await stored(aRunningRun());
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      expect(await store.outputOffsets(state.run.id, 1)).toEqual(NO_OUTPUT);
      const first: OutputChunk = { ...chunk(1, 0, ""), length: 256, bytes };
      const second: OutputChunk = { ...chunk(2, 0, "oops"), stream: "stderr" };
      const third: OutputChunk = { ...chunk(3, 256, ""), length: 5000, bytes: null, blobKey: "output/x" };
      expect(await store.appendOutput(state, [first, second])).toBe(true);
      expect(await store.appendOutput(state, [third])).toBe(true);
      expect(await store.outputOffsets(state.run.id, 1)).toEqual({ seq: 3, stdout: 5256, stderr: 4 });
      expect(await store.readOutput(state.run.id, OUTPUT_START, 10)).toEqual([first, second, third]);
      expect(await store.readOutput(state.run.id, { attempt: 1, seq: 2 }, 10)).toEqual([third]);
    });

    it("keeps as many pieces as fifty steps of one read can come to", async () => {
      const { state } = await stored(aRunningRun());
      const pieces = Array.from({ length: 102 }, (_, index) => chunk(index + 1, 2 * index, "a\n"));
      expect(await store.appendOutput(state, pieces)).toBe(true);
      expect(await store.readOutput(state.run.id, OUTPUT_START, 200)).toEqual(pieces);
    });

    it("stores a piece of output once, whoever fetched it", async () => {
      const { state } = await stored(aRunningRun());
      expect(await store.appendOutput(state, [chunk(1, 0, "abc")])).toBe(true);
      expect(await store.appendOutput(state, [chunk(1, 0, "abcdef"), chunk(2, 6, "g")])).toBe(false);
      expect(await store.outputOffsets(state.run.id, 1)).toEqual({ seq: 1, stdout: 3, stderr: 0 });
    });
  });

  describe("an idempotency key", () => {
    it("belongs to the first run that used it, and the second leaves nothing behind", async () => {
      const [first, second] = [aStartingRun({ tags: { a: "1" } }), aStartingRun({ tags: { a: "1" } })];
      const key = { key: "once", bodyHash: "aa" };
      expect(await store.accept(first.state, first.events, key)).toEqual({ kind: "accepted" });
      expect(await store.accept(second.state, second.events, { key: "once", bodyHash: "bb" })).toEqual({
        kind: "repeated",
        runId: first.state.run.id,
        bodyHash: "aa",
      });
      expect(await store.usedKey(first.state.run.orgId, "once")).toEqual({
        runId: first.state.run.id,
        bodyHash: "aa",
      });
      expect(await store.usedKey(first.state.run.orgId, "never")).toBeNull();
      expect(await store.load(second.state.run.id)).toBeNull();
      expect(await store.events(second.state.run.id, 0, 10)).toEqual([]);
    });
  });

  describe("a run whose acceptance comes twice, as a call can be repeated on its way,", () => {
    it.each([null, { key: "repeated on its way", bodyHash: "aa" }])(
      "is accepted once: key %j",
      async (key) => {
        const { state, events } = aStartingRun();
        expect(await store.accept(state, events, key)).toEqual({ kind: "accepted" });
        expect(await store.accept(state, events, key)).toEqual({ kind: "accepted" });
        expect(await store.events(state.run.id, 0, 10)).toHaveLength(events.length);
      },
    );
  });

  describe("a list", () => {
    it("filters by status, tag and time, newest first, a page at a time", async () => {
      const at = T0 + 1_000_000;
      const mine = { tags: { suite: "list" } };
      const runs = [aQueuedRun(mine, at), aQueuedRun(mine, at + 1000), aQueuedRun(mine, at + 2000)];
      for (const story of runs) await stored(story);
      const ended = await stored(
        followedBy(aQueuedRun(mine, at + 3000), {
          type: "settled",
          at: at + 3001,
          status: "failed",
          reason: "timed_out",
          limit: "queue",
          detail: null,
          exit: null,
          output: { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true },
        }),
      );
      const repeat = await stored(aQueuedRun(mine, at + 4000, ended.state.run.id));
      const ids = (filter: Partial<RunFilter>) =>
        store
          .list("default", { ...everything, tag: { key: "suite", value: "list" }, ...filter })
          .then(({ runs }) => runs.map(({ id }) => id));
      const [a, b, c] = runs.map(({ state }) => state.run.id);
      const d = ended.state.run.id;
      const e = repeat.state.run.id;
      expect(await ids({})).toEqual([e, d, c, b, a]);
      expect(await ids({ originId: d ?? null })).toEqual([e]);
      expect(await ids({ originId: a ?? null })).toEqual([]);
      expect(await store.reruns(d ?? "", 10)).toEqual([e]);
      expect(await ids({ limit: 2, beforeRunId: c ?? null })).toEqual([b, a]);
      expect(await ids({ statuses: ["failed"] })).toEqual([d]);
      expect(await ids({ statuses: ["queued"] })).toEqual([e, c, b, a]);
      expect(await ids({ statuses: ["queued", "failed"] })).toEqual([e, d, c, b, a]);
      expect(await ids({ sinceMs: at + 1000, untilMs: at + 3000 })).toEqual([c, b]);
      expect(await ids({ tag: { key: "suite", value: "other" } })).toEqual([]);
      expect(await store.list("other-org", everything)).toEqual({ runs: [], nextBefore: null });
      const named = (orgId: string, ids: (string | undefined)[]) =>
        store.summaries(orgId, ids.map(String)).then((found) => found.map(({ id }) => id).toSorted());
      expect(await named("default", [d, a, "run_none"])).toEqual([a, d]);
      expect(await named("default", [])).toEqual([]);
      expect(await named("other-org", [a, d])).toEqual([]);
    });
  });

  describe("a job's run", () => {
    const of = (name: string, input: string, at = T0 + 5_000_000) =>
      stored(aQueuedRun({ tags: { of: "a job" } }, at, null, { name, version: 7, input }));

    it("comes back with its job and input, in its row and in its first event", async () => {
      for (const input of ["{}", "null", "false", "0", '""', '{"a":[1,"ü\\u0000"]}']) {
        const { state, events } = await of("kept", input);
        expect(await store.load(state.run.id)).toEqual(state);
        expect(await store.events(state.run.id, 0, 10)).toEqual([{ seq: 1, event: events[0] }]);
      }
    });

    it("is listed by its job, beside every other filter", async () => {
      const at = T0 + 6_000_000;
      const runs = [];
      for (let n = 0; n < 3; n++) runs.push((await of("listed", "{}", at + n)).state.run);
      await of("other", "{}", at);
      await stored(aQueuedRun({ tags: { of: "a job" } }, at));
      const [a, b, c] = runs.map(({ id }) => id);
      const ids = (filter: Partial<RunFilter>) =>
        store
          .list("default", { ...everything, job: "listed", ...filter })
          .then((page) => page.runs.map(({ id }) => id));
      expect(await ids({})).toEqual([c, b, a]);
      expect(await ids({ limit: 2 })).toEqual([c, b]);
      expect(await ids({ limit: 2, beforeRunId: b ?? null })).toEqual([a]);
      expect(await ids({ sinceMs: at + 1, untilMs: at + 2 })).toEqual([b]);
      expect(await ids({ statuses: ["queued"], tag: { key: "of", value: "a job" } })).toEqual([c, b, a]);
      expect(await ids({ statuses: ["failed"] })).toEqual([]);
      expect(await ids({ tag: { key: "of", value: "none" } })).toEqual([]);
      expect(await ids({ job: "list" })).toEqual([]);
      expect(await store.list("other-org", { ...everything, job: "listed" })).toEqual({
        runs: [],
        nextBefore: null,
      });
    });
  });

  describe("runs that build a change", () => {
    const at = T0 + 7_000_000;
    const idsOf = (filter: Partial<RunFilter>) =>
      store.list("default", { ...everything, ...filter }).then(({ runs }) => runs.map(({ id }) => id));
    const built = async (change: Parameters<typeof aChange>[0], n: number, isFollowing = false) =>
      (await stored(aBuild(aChange(change), at + n, isFollowing))).state.run.id;
    const sha = (start: string) => start.padEnd(40, "0");

    it("are listed by the commit, by all of its hash or how that begins, with those that follow them", async () => {
      const [a, b] = [sha("abcdef1234"), sha("abcdef1235")];
      const first = await built({ sha: a }, 0);
      const other = await built({ sha: b }, 1);
      const after = await built({ sha: a }, 2, true);
      await built({ sha: sha("abcdef0") }, 3);
      await built({ sha: null }, 4);
      await stored(aQueuedRun({}, at + 5));
      expect(await idsOf({ commit: a })).toEqual([after, first]);
      expect(await idsOf({ commit: "abcdef1" })).toEqual([after, other, first]);
      expect(await idsOf({ commit: "abcdef1235" })).toEqual([other]);
      expect(await idsOf({ commit: "abcdef2" })).toEqual([]);
      expect(await idsOf({ commit: sha("abcdef2") })).toEqual([]);
      expect(await idsOf({ commit: "abcdef1", limit: 2 })).toEqual([after, other]);
      expect(await idsOf({ commit: "abcdef1", beforeRunId: other })).toEqual([first]);
      expect(await idsOf({ commit: "abcdef1", job: "deploy" })).toEqual([after]);
      expect(await idsOf({ commit: a, statuses: ["succeeded"] })).toEqual([]);
      expect(await idsOf({ commit: a, statuses: ["queued"], branch: "main" })).toEqual([after, first]);
      const others = await store.list("other-org", { ...everything, commit: "abcdef1" });
      expect(others).toEqual({ runs: [], nextBefore: null });
    });

    it.each([1, 4, 6, COMMITS_OF_PREFIX_MAX])("are found where %i commits begin alike", async (count) => {
      const start = `cafe0${count.toString().padStart(2, "0")}`;
      const made: string[] = [];
      for (let n = 0; n < count; n++) made.unshift(await built({ sha: sha(`${start}${n}`) }, 100 + n));
      made.unshift(await built({ sha: sha(`${start}0`) }, 100 + count));
      expect(await idsOf({ commit: start })).toEqual(made);
      expect(await idsOf({ commit: start, statuses: ["queued"], limit: 2 })).toEqual(made.slice(0, 2));
      expect(await idsOf({ commit: start, limit: 2 })).toEqual(made.slice(0, 2));
      expect(await idsOf({ commit: start, beforeRunId: made[1] ?? null })).toEqual(made.slice(2));
    });

    it("are found by all of a commit of which the sender told the first twelve digits alone", async () => {
      const told = await built({ sha: "bbbbbbbbbbbb" }, 10);
      const whole = await built({ sha: sha("bbbbbbbbbbbb") }, 11);
      expect(await idsOf({ commit: sha("bbbbbbbbbbbb") })).toEqual([whole, told]);
      expect(await idsOf({ commit: "bbbbbbb" })).toEqual([whole, told]);
      expect(await idsOf({ commit: "bbbbbbbbbbbb000" })).toEqual([whole, told]);
      expect(await idsOf({ commit: "bbbbbbbbbbbb1" })).toEqual([told]);
    });

    it("are listed by the branch that was pushed, or that a pull request within the repository is from", async () => {
      const fix = { branch: "fix-gate", ref: "refs/heads/fix-gate" };
      const pull = (isFork: boolean) => ({
        kind: "pull_request" as const,
        branch: null,
        pullRequest: {
          ...{ number: 7, action: "opened", hasNewCommits: true, title: "Mend the gate" },
          ...{ headRef: "fix-gate", baseRef: "main", isFork, headRepository: null },
        },
      });
      const pushed = await built(fix, 20);
      const own = await built(pull(false), 21);
      await built(pull(true), 22);
      const after = await built(fix, 23, true);
      await built({ branch: null, tag: "fix-gate" }, 24);
      expect(await idsOf({ branch: "fix-gate" })).toEqual([after, own, pushed]);
      expect(await idsOf({ branch: "fix-gate", job: "deploy" })).toEqual([after]);
      expect(await idsOf({ branch: "fix" })).toEqual([]);
      expect(await idsOf({ branch: "fix-gate", statuses: ["queued"], limit: 1 })).toEqual([after]);
    });
  });

  describe("the sweep's list", () => {
    it("leaves out a run that waits for its next attempt, until the time has come or somebody cancels it", async () => {
      const gone: RunEvent = { type: "machine_released", at: T0 + 3000, attempt: 1, events: [] };
      const waiting = await stored(followedBy(aRetryingRun(), gone));
      const unreleased = await stored(aRetryingRun());
      const { runIds: before } = await store.openRuns("", T0 + 50_000, 1000);
      expect(before).not.toContain(waiting.state.run.id);
      expect(before).toContain(unreleased.state.run.id);
      expect((await store.openRuns("", T0 + 63_000, 1000)).runIds).toContain(waiting.state.run.id);
      await store.record(waiting.state, [{ type: "cancel_requested", at: T0 + 5000 }], []);
      expect((await store.openRuns("", T0 + 50_000, 1000)).runIds).toContain(waiting.state.run.id);
    });

    it("names quiet runs that have something left to do, released ones no more", async () => {
      const running = await stored(aRunningRun());
      const settled = await stored(aSucceededRun());
      const done = await stored(
        followedBy(aSucceededRun(), { type: "machine_released", at: T0 + 3000, attempt: 1, events: [] }),
      );
      const { runIds: open } = await store.openRuns("", T0 + 10_000, 1000);
      expect(open).toContain(running.state.run.id);
      expect(open).toContain(settled.state.run.id);
      expect(open).not.toContain(done.state.run.id);
      expect((await store.openRuns("", T0 + 1000, 1000)).runIds).not.toContain(running.state.run.id);
    });
  });

  holdsQueues(store);
  holdsLaunchLine(store);

  describe("launches", () => {
    const INTERVAL_MS = 1000;
    const taken = async (...wish: Parameters<Store["takeLaunch"]>) => {
      const launch = await store.takeLaunch(...wish);
      if (launch === null) throw new Error("no launch was taken");
      return launch;
    };

    it("are taken one at a time: of fifty at once each gets its own, spread over the apps, and none is too soon", async () => {
      const apps = ["one", "two", "three"].map((name) => `at-once-${name}`);
      const all = await Promise.all(Array.from({ length: 50 }, () => taken(apps, INTERVAL_MS, T0)));
      const times = apps.map((app) =>
        all
          .filter((launch) => launch.app === app)
          .map(({ at }) => at - T0)
          .toSorted((a, b) => a - b),
      );
      expect(times.map(({ length }) => length)).toEqual([17, 17, 16]);
      for (const each of times)
        expect(each).toEqual(each.map((_, index) => Math.max(0, index + 1 - LAUNCH_BURST) * INTERVAL_MS));
    });

    it("come at the times that the arithmetic says, whoever takes them, by whatever clock", async () => {
      const random = seededRandom(7);
      const apps = ["x", "y"].map((name) => `arithmetic-${name}`);
      const paces = new Map<string, AppPace>();
      let now = T0;
      for (let index = 0; index < 80; index++) {
        now += Math.floor(random() * 1500);
        const off = random() < 0.1 ? Math.floor((random() - 0.5) * 400_000) : 0;
        if (random() < 0.1) {
          const app = apps[index % 2] ?? "";
          await store.emptyLaunches(app, INTERVAL_MS, now + off);
          paces.set(app, afterRefusal(paces.get(app) ?? null, INTERVAL_MS, now + off));
        }
        const asked = random() < 0.3 ? apps.slice(1) : apps;
        const app = nextApp(asked, paces, now + off);
        const pace = afterTaking(paces.get(app) ?? null, INTERVAL_MS, now + off);
        paces.set(app, pace);
        expect(await store.takeLaunch(asked, INTERVAL_MS, now + off), `launch ${index}`).toEqual({
          app,
          at: launchAt(pace, INTERVAL_MS),
          nextAt: pace.nextAt,
        });
      }
    });

    it("lie no further ahead than a run can wait", async () => {
      const app = "far-ahead";
      await store.emptyLaunches(app, LAUNCH_AHEAD_MAX_MS, T0);
      const latest = T0 + LAUNCH_AHEAD_MAX_MS - LAUNCH_BURST * INTERVAL_MS;
      for (let times = 0; times < 3; times++)
        expect(await store.takeLaunch([app], INTERVAL_MS, T0)).toMatchObject({ app, at: latest });
    });

    it("that are put back are there for the next, unless another was taken since", async () => {
      const take = () => taken(["put-back"], INTERVAL_MS, T0);
      await take();
      await take();
      const third = await take();
      await store.putLaunchBack(third, INTERVAL_MS);
      expect(await take()).toEqual(third);
      await take();
      await store.putLaunchBack(third, INTERVAL_MS);
      expect((await take()).at).toBe(T0 + 3000);
    });

    it("that would come too late are not taken, and are there for who can wait", async () => {
      const apps = ["late-a", "late-b"];
      for (let times = 0; times < 2 * (LAUNCH_BURST + 1); times++) await taken(apps, INTERVAL_MS, T0);
      const late = T0 + 2 * INTERVAL_MS;
      for (let times = 0; times < 3; times++)
        expect(await store.takeLaunch(apps, INTERVAL_MS, T0, late)).toBeNull();
      expect(await store.takeLaunch(apps, INTERVAL_MS, T0, late + 1)).toMatchObject({
        app: "late-a",
        at: late,
      });
    });
  });

  describe("the plan of an attempt", () => {
    it("keeps its app and the time of its launch, and who takes that over changes both", async () => {
      const story = await stored(aStartingRun({}, { app: "a", at: T0 + 9000 }));
      const { state } = story;
      expect(await store.load(state.run.id)).toEqual(state);
      expect(state.run.restsUntil).toBe(T0 + 9000);
      const taken: RunEvent = {
        type: "launch_taken",
        at: T0 + 20_000,
        attempt: 1,
        app: "b",
        launchAt: T0 + 21_000,
        mayBeAsked: true,
      };
      const after = await store.record(state, [taken], []);
      expect(after?.attempts).toMatchObject([{ app: "b", createAskedAt: T0 + 21_000, mayBeAsked: true }]);
      expect(await store.load(state.run.id)).toEqual(after);
      const events = await store.events(state.run.id, 0, 10);
      expect(events.map(({ event }) => event)).toEqual([...story.events, taken]);
    });

    it("leaves the run out of the sweep's list until its launch is due", async () => {
      const { state } = await stored(aStartingRun({}, { app: "a", at: T0 + 90_000 }));
      expect((await store.openRuns("", T0 + 60_000, 1000)).runIds).not.toContain(state.run.id);
      expect((await store.openRuns("", T0 + 90_001, 1000)).runIds).toContain(state.run.id);
    });
  });

  describe("a first piece of output", () => {
    it("is stored with its time, which its attempt has from then on", async () => {
      const { state } = await stored(aRunningRun());
      const [attempt] = state.attempts;
      if (!attempt) throw new Error("a running run has an attempt");
      const seen = { ...state, attempts: [{ ...attempt, firstOutputAt: T0 + 1 }] };
      expect(await store.appendOutput(seen, [chunk(1, 0, "abc")])).toBe(true);
      expect((await store.load(state.run.id))?.attempts[0]?.firstOutputAt).toBe(T0 + 1);
    });
  });

  describe("what a caller was given", () => {
    it("is the caller's own: changing it changes nothing that is stored", async () => {
      const { state } = await stored(aRunningRun());
      const loaded = await store.load(state.run.id);
      if (loaded) loaded.run.status = "failed";
      expect((await store.load(state.run.id))?.run.status).toBe("running");
    });
  });
  it("keeps where a sweep broke off, until another one does", async () => {
    expect(await store.sweepCursors()).toEqual({ runs: "", queues: "", ledgers: "", deliveries: "" });
    await store.keepSweepCursor("queues", "key k", T0);
    for (const cursor of ["run_1", "run_2", ""]) {
      await store.keepSweepCursor("runs", cursor, T0);
      expect(await store.sweepCursors()).toEqual({
        runs: cursor,
        queues: "key k",
        ledgers: "",
        deliveries: "",
      });
    }
  });
}
