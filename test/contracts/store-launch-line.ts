/** What every Store keeps of the line of those who wait for a launch: nobody goes before it, and nobody is launched too far ahead. */

import { describe, expect, it } from "vitest";
import { LAUNCH_AHEAD_MAX_MS, LAUNCH_BURST, LAUNCH_HORIZON_MS } from "../../src/core/limits.ts";
import { launchesWithinHorizon, nextLaunchTryAt } from "../../src/core/pace.ts";
import type { RunState } from "../../src/core/run.ts";
import { LAUNCH_QUEUE, launchAwaited, rankOf } from "../../src/core/turn.ts";
import type { Store } from "../../src/flow/ports.ts";
import { aQueuedRun, followedBy, T0 } from "../support/a-run.ts";
import { seededRandom } from "../support/seeded-random.ts";

const INTERVAL_MS = 1000;
/** What an idle app gives at once. */
const FREE = LAUNCH_BURST + LAUNCH_HORIZON_MS / INTERVAL_MS;

let lines = 0;
/** An organization and apps that no other test has. */
function aLine(apps = 1) {
  lines += 1;
  return { orgId: `line ${lines}`, apps: Array.from({ length: apps }, (_, app) => `line-${lines}-${app}`) };
}

type Line = ReturnType<typeof aLine>;

export function holdsLaunchLine(store: Store): void {
  const aRun = ({ orgId }: Line, priority = 0, at = T0) => {
    const { state, events } = aQueuedRun({ priority }, at);
    return { state: { ...state, run: { ...state.run, orgId } }, events };
  };
  const inLine = async (line: Line, priority = 0, at = T0): Promise<RunState> => {
    const story = followedBy(aRun(line, priority, at), launchAwaited(at));
    expect(await store.accept(story.state, story.events, null)).toEqual({ kind: "accepted" });
    return story.state;
  };
  const take = (line: Line, { run }: RunState, now = T0, before?: number) =>
    store.takeLaunch(line.apps, INTERVAL_MS, now, before, run);
  const takeAll = async (line: Line, now = T0) => {
    const { state } = aRun(line, 1000);
    let taken = 0;
    while ((await take(line, state, now)) !== null) taken += 1;
    return taken;
  };
  const next = ({ orgId, apps }: Line, now = T0, limit = 100) =>
    store.nextForLaunches(orgId, apps, INTERVAL_MS, now, limit);
  const leave = (state: RunState) => store.record(state, [{ ...END, at: T0 + 50 }], []);

  describe("the line of launches", () => {
    it("has nobody launched further ahead than the horizon, but who was planned before", async () => {
      const line = aLine(2);
      expect(await takeAll(line)).toBe(2 * FREE);
      expect(await take(line, aRun(line).state)).toBeNull();
      const again = await store.takeLaunch(line.apps, INTERVAL_MS, T0);
      expect(again?.at).toBe(T0 + LAUNCH_HORIZON_MS + INTERVAL_MS);
      expect(again?.at).toBeLessThan(T0 + LAUNCH_AHEAD_MAX_MS);
      // Where those took more, the line waits for it.
      expect(await takeAll(line, T0 + INTERVAL_MS)).toBe(1);
    });

    it("leaves a launch to each who is before a run in it, whether that stands there or comes in", async () => {
      const line = aLine();
      const [first, second] = [await inLine(line, 0, T0 + 1), await inLine(line, 0, T0 + 2)];
      await takeAll(line);
      const newcomer = aRun(line, 0, T0 + 3).state;
      const urgent = aRun(line, 1, T0 + 3).state;
      const later = T0 + INTERVAL_MS;
      expect(await take(line, newcomer, later)).toBeNull();
      expect(await take(line, second, later)).toBeNull();
      expect(await take(line, second, later + INTERVAL_MS)).not.toBeNull();
      expect(await take(line, newcomer, later + INTERVAL_MS)).toBeNull();
      expect(await take(line, first, later + INTERVAL_MS)).not.toBeNull();
      expect(await take(line, urgent, later + INTERVAL_MS)).toBeNull();
      expect(await take(line, urgent, later + 2 * INTERVAL_MS)).not.toBeNull();
    });

    it("of one organization is none of another, and who has left it is in nobody's way", async () => {
      const [line, other] = [aLine(), aLine()];
      const first = await inLine(line);
      await takeAll(line);
      const later = T0 + INTERVAL_MS;
      const behind = aRun(line, -1).state;
      expect(await take(line, behind, later)).toBeNull();
      await leave(first);
      expect(await take(line, behind, later)).not.toBeNull();
      expect(await takeAll(other)).toBe(FREE);
    });

    it("gives no launch that comes when its run has given up", async () => {
      const line = aLine();
      await takeAll(line);
      const { state } = aRun(line);
      const now = T0 + 5 * INTERVAL_MS;
      const firstAt = T0 + LAUNCH_HORIZON_MS + INTERVAL_MS;
      expect(await take(line, state, now, firstAt)).toBeNull();
      expect(await take(line, state, now, firstAt + 1)).toMatchObject({ at: firstAt });
    });

    it("names as many of its runs as there are launches for, in its order, and the first in any case", async () => {
      const line = aLine();
      const late = await inLine(line, -1, T0 + 1);
      const [first, second] = [await inLine(line, 0, T0 + 2), await inLine(line, 0, T0 + 3)];
      const ids = [first, second, late].map(({ run }) => run.id);
      expect(await next(line)).toEqual(ids);
      expect(await next(line, T0, 2)).toEqual(ids.slice(0, 2));
      await takeAll(line);
      expect(await next(line)).toEqual(ids.slice(0, 1));
      expect(await next(line, T0 + 2 * INTERVAL_MS)).toEqual(ids.slice(0, 2));
      expect(await store.nextForLaunches(line.orgId, [], 1, T0, 100)).toEqual(ids.slice(0, 1));
      expect(await next(aLine())).toEqual([]);
      // They wait for no slot.
      expect(await store.nextInQueue(line.orgId, LAUNCH_QUEUE, null)).toBeNull();
      expect((await store.queueHeads(line.orgId, "", 10, null)).runIds).toEqual([]);
      expect(await store.placeInQueue(late.run, LAUNCH_QUEUE)).toEqual({ ahead: 2, held: 0 });
    });

    it("tells who stands in it when to try again as the arithmetic says", async () => {
      const line = aLine(2);
      const runs: RunState[] = [];
      for (let index = 0; index < 5; index++) runs.push(await inLine(line, 0, T0 + index));
      const random = seededRandom(3);
      for (let index = 0; index < 20; index++) {
        const now = T0 + Math.floor(random() * 5000);
        if (random() < 0.5) await store.takeLaunch(line.apps, INTERVAL_MS, now);
        // What stands in the buckets is known by what they give next.
        const first = await store.takeLaunch(line.apps.slice(0, 1), INTERVAL_MS, now);
        const second = await store.takeLaunch(line.apps.slice(1), INTERVAL_MS, now);
        if (first === null || second === null) throw new Error("a launch that is planned is never refused");
        const paces = [first, second].map(({ nextAt }) => ({ nextAt, takenAt: now }));
        for (const [ahead, { run }] of runs.entries()) {
          const before = random() < 0.3 ? now + Math.floor(random() * 60_000) : T0 + LAUNCH_AHEAD_MAX_MS;
          expect(await store.nextLaunchTry(run, line.apps, INTERVAL_MS, now, before)).toBe(
            nextLaunchTryAt(paces, ahead, INTERVAL_MS, now, before),
          );
        }
        await store.putLaunchBack(first, INTERVAL_MS);
        await store.putLaunchBack(second, INTERVAL_MS);
      }
    });

    it("is taken from as the arithmetic says, whoever comes and goes", async () => {
      const line = aLine(2);
      const random = seededRandom(11);
      const waiting: RunState[] = [];
      let now = T0;
      for (let index = 0; index < 50; index++) {
        now += Math.floor(random() * 2500);
        const priority = Math.floor(random() * 3);
        if (random() < 0.6) waiting.push(await inLine(line, priority, now));
        const isNew = random() < 0.4 || waiting.length === 0;
        const index = Math.floor(random() * waiting.length);
        const taker = isNew ? aRun(line, priority, now).state : waiting[index];
        if (!taker) continue;
        const rank = ({ run }: RunState) => [rankOf(run), run.id] as const;
        const [mine, id] = rank(taker);
        const ahead = waiting.map(rank).filter(([r, other]) => r < mine || (r === mine && other < id)).length;
        const free = launchesWithinHorizon(await bucketsOf(store, line, now), INTERVAL_MS, now);
        const taken = await take(line, taker, now);
        expect(taken !== null, `${ahead} before it, ${free} free`).toBe(ahead < free);
        if (taken !== null) expect(taken.at).toBeLessThanOrEqual(now + LAUNCH_HORIZON_MS);
        if (taken !== null && !isNew) {
          waiting.splice(index, 1);
          await leave(taker);
        }
      }
    });
  });
}

/** What stands in the buckets, by taking a launch of each and putting it back. */
async function bucketsOf(store: Store, { apps }: Line, now: number) {
  const paces = [];
  for (const app of apps) {
    const taken = await store.takeLaunch([app], INTERVAL_MS, now);
    if (taken === null) throw new Error("a launch that is planned is never refused");
    await store.putLaunchBack(taken, INTERVAL_MS);
    paces.push({ nextAt: taken.nextAt - INTERVAL_MS, takenAt: now });
  }
  return paces;
}

const END = {
  type: "settled" as const,
  status: "cancelled" as const,
  reason: "cancelled_by_user" as const,
  limit: null,
  detail: null,
  exit: null,
  output: { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true },
};
