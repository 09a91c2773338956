/** What every Store keeps of queues: a slot is had by as many as there are, in order, and given back once. */

import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/event.ts";
import { planAttempt } from "../../src/core/plan.ts";
import type { RunState } from "../../src/core/run.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { keyQueue, ORGANIZATION_QUEUE } from "../../src/core/turn.ts";
import type { Store } from "../../src/flow/ports.ts";
import { aQueuedRun, followedBy, type Story, T0 } from "../support/a-run.ts";

const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
const END: RunEvent = {
  type: "settled",
  at: T0 + 100,
  status: "cancelled",
  reason: "expired",
  limit: null,
  detail: null,
  exit: null,
  output,
};

let keys = 0;
/** A queue that no other test has. */
function aQueue(limit = 1) {
  keys += 1;
  const key = `contract ${keys}`;
  const queue = keyQueue(key);
  const spec = { concurrency: { key, limit, strategy: "queue" as const } };
  const at = T0;
  return {
    queue,
    spec,
    taken: { type: "slot_taken", at, queue, limit } satisfies RunEvent,
    awaited: { type: "slot_awaited", at, queue, limit } satisfies RunEvent,
  };
}

export function holdsQueues(store: Store): void {
  type Queue = ReturnType<typeof aQueue>;
  async function accepted(story: Story): Promise<RunState> {
    expect(await store.accept(story.state, story.events, null)).toEqual({ kind: "accepted" });
    return story.state;
  }
  const inLine = (queue: Queue, more: Partial<RunSpec> = {}, at = T0) =>
    accepted(followedBy(aQueuedRun({ ...queue.spec, ...more }, at), queue.awaited));
  const holder = (queue: Queue) => accepted(followedBy(aQueuedRun(queue.spec), queue.taken));
  const take = async (state: RunState, queue: Queue) => {
    const result = await store.recordWithSlots(state, [queue.taken], []);
    return result === "no_room" || result === null ? result : "taken";
  };
  const placeOf = async ({ run }: RunState, queue: Queue) =>
    (await store.placeInQueue(run, queue.queue)).ahead;

  describe("a slot of a queue", () => {
    it("is had by as many as there are of twenty who take it at once, and the others leave no trace", async () => {
      const queue = aQueue(3);
      const stories = Array.from({ length: 20 }, () => followedBy(aQueuedRun(queue.spec), queue.taken));
      const results = await Promise.all(
        stories.map(({ state, events }) => store.accept(state, events, null)),
      );
      expect(results.filter(({ kind }) => kind === "accepted")).toHaveLength(3);
      expect(results.filter(({ kind }) => kind === "no_room")).toHaveLength(17);
      const stored = await Promise.all(stories.map(({ state }) => store.load(state.run.id)));
      expect(stored.filter((state) => state !== null)).toHaveLength(3);
    });

    it("is had, of twenty who wait and take it at once, by the first of the line alone", async () => {
      const queue = aQueue(3);
      const waiting: RunState[] = [];
      for (let index = 0; index < 20; index++) waiting.push(await inLine(queue, {}, T0 + index));
      const takers = waiting.slice(0, 6);
      // The last of the line first, each several times: only who is the next may.
      const results = await Promise.all(takers.toReversed().map((state) => take(state, queue)));
      expect(results.filter((result) => result === "taken").length).toBeGreaterThanOrEqual(1);
      const has = async () =>
        (await Promise.all(waiting.map(({ run }) => store.load(run.id)))).map(
          (state) => state?.run.tickets[0]?.held,
        );
      const held = await has();
      const count = held.filter(Boolean).length;
      expect(held.slice(0, count)).toEqual(Array.from({ length: count }, () => true));
      for (const state of waiting.slice(count)) await take(state, queue);
      expect((await has()).filter(Boolean)).toHaveLength(3);
      expect((await has()).slice(0, 3)).toEqual([true, true, true]);
    });

    it("is refused to who comes late in words of its own, and to who knows less than is stored in others", async () => {
      const queue = aQueue();
      const first = await holder(queue);
      const second = await inLine(queue);
      expect(await take(second, queue)).toBe("no_room");
      expect(await store.load(second.run.id)).toEqual(second);
      const asked = await store.record(second, [{ type: "cancel_requested", at: T0 + 1 }], []);
      expect(asked).not.toBeNull();
      expect(await take(second, queue)).toBeNull();
      expect(await store.record(first, [END], [])).not.toBeNull();
      expect(await take(second, queue)).toBeNull();
    });

    it("comes with the attempt that it is for, all or nothing", async () => {
      const queue = aQueue();
      const first = await holder(queue);
      const second = await inLine(queue);
      const events = [queue.taken, planAttempt(second, null, T0)];
      expect(await store.recordWithSlots(second, events, [])).toBe("no_room");
      expect((await store.load(second.run.id))?.attempts).toEqual([]);
      await store.record(first, [END], []);
      const after = await store.recordWithSlots(second, events, []);
      expect(after).toMatchObject({ run: { status: "starting" }, attempts: [{ number: 1 }] });
      expect(await store.load(second.run.id)).toEqual(after);
    });

    it("is given back with the event that ends its run, by whichever of two writers is first, and once", async () => {
      const queue = aQueue(2);
      const [first] = [await holder(queue), await holder(queue)];
      const ends = await Promise.all([store.record(first, [END], []), store.record(first, [END], [])]);
      expect(ends.filter((state) => state !== null)).toHaveLength(1);
      const later = await Promise.all([inLine(queue, {}, T0 + 1), inLine(queue, {}, T0 + 2)]);
      expect(await take(later[0], queue)).toBe("taken");
      expect(await take(later[1], queue)).toBe("no_room");
    });

    it("is nothing that a used idempotency key takes", async () => {
      const queue = aQueue(1);
      const key = { key: `queues ${keys}`, bodyHash: "aa" };
      const story = followedBy(aQueuedRun(queue.spec), queue.taken);
      expect(await store.accept(story.state, story.events, key)).toEqual({ kind: "accepted" });
      const again = followedBy(aQueuedRun(queue.spec), queue.taken);
      expect(await store.accept(again.state, again.events, key)).toMatchObject({ kind: "repeated" });
      const other = followedBy(aQueuedRun(queue.spec), queue.taken);
      expect(await store.accept(other.state, other.events, { ...key, key: `${key.key} b` })).toEqual({
        kind: "no_room",
      });
    });

    it("of one organization or key is none of another", async () => {
      const [one, other] = [aQueue(), aQueue()];
      await holder(one);
      await holder(other);
      const elsewhere = followedBy(aQueuedRun(one.spec), one.taken);
      const state = { ...elsewhere.state, run: { ...elsewhere.state.run, orgId: "other" } };
      expect(await store.accept(state, elsewhere.events, null)).toEqual({ kind: "accepted" });
    });
  });

  describe("the line of a queue", () => {
    it("goes by priority and then by age, and nobody takes a slot over another's head", async () => {
      const queue = aQueue();
      const first = await holder(queue);
      const old = await inLine(queue, {}, T0 + 1);
      const young = await inLine(queue, {}, T0 + 2);
      const urgent = await inLine(queue, { priority: 5 }, T0 + 3);
      const idle = await inLine(queue, { priority: -5 }, T0);
      expect(await Promise.all([urgent, old, young, idle].map((state) => placeOf(state, queue)))).toEqual([
        0, 1, 2, 3,
      ]);
      expect(await store.placeInQueue(old.run, queue.queue)).toEqual({ ahead: 1, held: 1 });
      expect(await store.nextInQueue("default", queue.queue, null)).toBeNull();
      await store.record(first, [END], []);
      expect(await store.nextInQueue("default", queue.queue, null)).toBe(urgent.run.id);
      expect(await take(old, queue)).toBe("no_room");
      const newcomer = followedBy(aQueuedRun(queue.spec), queue.taken);
      expect(await store.accept(newcomer.state, newcomer.events, null)).toEqual({ kind: "no_room" });
      expect(await take(urgent, queue)).toBe("taken");
      expect(await placeOf(old, queue)).toBe(0);
    });

    it("names the next of each queue that has room, and of no other, a page at a time", async () => {
      const [full, free, empty] = [aQueue(), aQueue(2), aQueue()];
      await holder(full);
      await inLine(full);
      await holder(free);
      const next = await inLine(free, {}, T0 + 1);
      await inLine(free, {}, T0 + 2);
      await holder(empty);
      const mine = async (limit: number) => {
        const heads: string[] = [];
        for (let after: string | null = ""; after !== null; ) {
          const page = await store.queueHeads("default", after, limit, null);
          heads.push(...page.runIds);
          after = page.nextAfter;
        }
        return heads;
      };
      const [one, all] = [await mine(1), await mine(1000)];
      expect(one).toEqual(all);
      expect(all).toContain(next.run.id);
      const waiting = await Promise.all(all.map((id) => store.load(id)));
      for (const state of waiting) {
        const queue = state?.run.tickets.find(({ held }) => !held)?.queue ?? "";
        expect(await store.nextInQueue("default", queue, null)).toBe(state?.run.id);
      }
      expect(waiting.map((state) => state?.run.tickets[0]?.queue)).not.toContain(full.queue);
      expect(await store.queueHeads("nobody", "", 10, null)).toEqual({ runIds: [], nextAfter: null });
    });

    it("of the organization has the room that the deployment says now", async () => {
      const queue = ORGANIZATION_QUEUE;
      const inOrganization = (story: Story): Story => ({
        ...story,
        state: { ...story.state, run: { ...story.state.run, orgId: "limited" } },
      });
      const slot = { type: "slot_taken" as const, at: T0, queue, limit: 1 };
      const has = inOrganization(followedBy(aQueuedRun(), slot));
      const waits = inOrganization(followedBy(aQueuedRun(), { ...slot, type: "slot_awaited" }));
      await accepted(has);
      await accepted(waits);
      expect(await store.nextInQueue("limited", queue, 1)).toBeNull();
      expect(await store.nextInQueue("limited", queue, 2)).toBe(waits.state.run.id);
      expect(await store.nextInQueue("limited", queue, null)).toBe(waits.state.run.id);
      const { runIds } = await store.queueHeads("limited", "", 10, 2);
      expect(runIds).toEqual([waits.state.run.id]);
    });

    it("names the older runs of a queue, newest first, but for those that are over, asked to cancel or spared", async () => {
      const queue = aQueue(2);
      const events = [queue.taken, queue.taken, queue.awaited, queue.awaited];
      const runs: RunState[] = [];
      for (const [index, event] of events.entries())
        runs.push(await accepted(followedBy(aQueuedRun(queue.spec, T0 + index), event)));
      const newest = await inLine(queue, {}, T0 + 10);
      const [a, b, c, d] = runs.map(({ run }) => run.id);
      const older = (spared: number, limit = 10) =>
        store.olderInQueue(newest.run, queue.queue, spared, limit);
      expect(await older(0)).toEqual([d, c, b, a]);
      expect(await older(1, 2)).toEqual([c, b]);
      await store.record(runs[3] as RunState, [{ type: "cancel_requested", at: T0 + 20 }], []);
      await store.record(runs[1] as RunState, [END], []);
      expect(await older(0)).toEqual([c, a]);
      expect(await store.olderInQueue(runs[0]?.run ?? newest.run, queue.queue, 0, 10)).toEqual([]);
    });
  });
}
