/** What every FleetStore keeps. */

import { describe, expect, it } from "vitest";
import { REAPED_KEPT_MS, SIGHTING_KEPT_MS } from "../../src/core/limits.ts";
import type { FleetStore, Sighting } from "../../src/flow/ports/fleet.ts";
import type { Store } from "../../src/flow/ports.ts";
import {
  aBootingRun,
  aQueuedRun,
  aRetryingRun,
  aSucceededRun,
  followedBy,
  type Story,
  T0,
} from "../support/a-run.ts";

const MINUTE = 60_000;
let apps = 0;

function aSighting(machineId: string, change: Partial<Sighting> = {}): Sighting {
  return {
    machineId,
    name: `mayfly-${machineId}`,
    runId: null,
    why: "run_is_unknown",
    firstSeenAt: T0,
    lastSeenAt: T0,
    lookedAt: null,
    destroyAskedAt: null,
    ...change,
  };
}

/** Holds a store, which may have other apps in it, to the contract. */
export function holdsTheFleetStoreContract(fleetStore: FleetStore, store: Store): void {
  const anApp = () => `app-${++apps}`;
  const remember = (app: string, at: number, seen: Sighting[], forgotten: string[] = [], cursor = "") =>
    fleetStore.remember(
      { app, sweptAt: at, known: 3, unknown: seen.length, isNeeded: true },
      { cursor, seen, forgotten },
    );

  describe("the runs' claims", () => {
    const stored = async (story: Story) => {
      await store.accept(story.state, story.events, null);
      return story.state.run.id;
    };

    it("are those of all that exist, each with its attempts in order", async () => {
      const released = followedBy(aRetryingRun(), {
        type: "machine_released",
        at: T0 + 3000,
        attempt: 1,
        events: [],
      });
      const ids = [
        await stored(aQueuedRun()),
        await stored(aBootingRun()),
        await stored(aSucceededRun()),
        await stored(released),
      ];
      const claims = await fleetStore.claims([...ids, "run_00000000000000000000000000"]);
      const machineId = "1857156b526dd8";
      expect(ids.map((id) => claims.get(id))).toEqual([
        { open: true, attempts: [] },
        { open: true, attempts: [{ number: 1, machineId, releasedAt: null }] },
        { open: true, attempts: [{ number: 1, machineId, releasedAt: null }] },
        { open: true, attempts: [{ number: 1, machineId, releasedAt: T0 + 3000 }] },
      ]);
      expect(claims.size).toBe(4);
    });

    it("can be asked for by the hundred, and for none", async () => {
      const id = await stored(aQueuedRun());
      const others = Array.from({ length: 499 }, (_, index) => `run_${String(index).padStart(26, "0")}`);
      expect([...(await fleetStore.claims([...others, id])).keys()]).toEqual([id]);
      expect(await fleetStore.claims([])).toEqual(new Map());
    });
  });

  describe("sightings", () => {
    it("keep the time when a machine was first seen and when it was told to go, whoever sees it again", async () => {
      const app = anApp();
      await remember(app, T0, [aSighting("m1"), aSighting("m2")]);
      const later = { firstSeenAt: T0 + MINUTE, lastSeenAt: T0 + MINUTE };
      await remember(app, T0 + MINUTE, [
        aSighting("m1", { ...later, destroyAskedAt: T0 + MINUTE, why: "run_is_over" }),
      ]);
      await remember(app, T0 + 2 * MINUTE, [
        aSighting("m1", { lastSeenAt: T0 + 2 * MINUTE, destroyAskedAt: T0 + 2 * MINUTE, why: "run_is_over" }),
      ]);
      const { sightings } = await fleetStore.recall(app);
      expect(sightings.toSorted((a, b) => (a.machineId < b.machineId ? -1 : 1))).toEqual([
        aSighting("m1", {
          why: "run_is_over",
          lastSeenAt: T0 + 2 * MINUTE,
          destroyAskedAt: T0 + MINUTE,
        }),
        aSighting("m2"),
      ]);
    });

    it("keep when a machine was last looked at", async () => {
      const app = anApp();
      await remember(app, T0, [aSighting("m1")]);
      const lookedAt = async () =>
        (await fleetStore.recall(app)).sightings.map((sighting) => sighting.lookedAt);
      expect(await lookedAt()).toEqual([null]);
      for (const [at, then] of [
        [T0 + 1, T0 + 1],
        [null, T0 + 1],
        [T0 + 2, T0 + 2],
      ] as const) {
        await remember(app, T0, [aSighting("m1", { lookedAt: at })]);
        expect(await lookedAt()).toEqual([then]);
      }
    });

    it("go when they are forgotten, or old", async () => {
      const app = anApp();
      await remember(app, T0, [
        aSighting("m1"),
        aSighting("m2"),
        aSighting("m3", { lastSeenAt: T0 + MINUTE }),
      ]);
      await remember(app, T0 + MINUTE, [], ["m1"]);
      const ids = async () => (await fleetStore.recall(app)).sightings.map(({ machineId }) => machineId);
      expect((await ids()).toSorted()).toEqual(["m2", "m3"]);
      await remember(app, T0 + SIGHTING_KEPT_MS + 1, []);
      expect(await ids()).toEqual(["m3"]);
    });

    it("are one app's", async () => {
      const [app, other] = [anApp(), anApp()];
      await remember(app, T0, [aSighting("m1")], [], "m1");
      await remember(other, T0, [], ["m1"]);
      expect(await fleetStore.recall(app)).toEqual({ cursor: "m1", sightings: [aSighting("m1")] });
      expect(await fleetStore.recall(other)).toEqual({ cursor: "", sightings: [] });
      expect(await fleetStore.recall(anApp())).toEqual({ cursor: "", sightings: [] });
    });

    it("can be many", async () => {
      const app = anApp();
      const many = Array.from({ length: 1000 }, (_, index) => aSighting(`m${index}`));
      await remember(app, T0, many);
      await remember(
        app,
        T0 + 1,
        [],
        many.slice(1).map(({ machineId }) => machineId),
      );
      expect((await fleetStore.recall(app)).sightings).toEqual([aSighting("m0")]);
    });
  });

  it("keeps when an app was last needed", async () => {
    const app = anApp();
    const neededAt = async () => (await fleetStore.reports()).find((report) => report.app === app)?.neededAt;
    const none = { cursor: "", seen: [], forgotten: [] };
    for (const [isNeeded, then] of [
      [true, T0],
      [false, T0],
      [true, T0 + 2],
    ] as const) {
      await fleetStore.remember({ app, sweptAt: then, known: 0, unknown: 0, isNeeded }, none);
      expect(await neededAt()).toBe(then);
    }
    await fleetStore.remember({ app, sweptAt: T0 + 3, known: 0, unknown: 0, isNeeded: false }, none);
    expect(await neededAt()).toBe(T0 + 2);
  });

  describe("what was reaped", () => {
    it("is counted once for each sighting, however often it is recorded", async () => {
      const app = anApp();
      const since = async (at: number) => await fleetStore.reapedSince(at);
      const before = await since(T0);
      await remember(app, T0, [aSighting("m1"), aSighting("m2")]);
      await Promise.all([
        fleetStore.recordReaped(app, "m1", T0 + MINUTE),
        fleetStore.recordReaped(app, "m1", T0 + MINUTE),
      ]);
      await fleetStore.recordReaped(app, "m1", T0 + MINUTE + 1);
      await fleetStore.recordReaped(app, "m9", T0 + MINUTE);
      // By a sweep that overlapped with the one that destroyed it.
      await remember(app, T0 + MINUTE, [aSighting("m1")]);
      await fleetStore.recordReaped(app, "m1", T0 + MINUTE + 2);
      await remember(app, T0 + 2 * MINUTE, []);
      expect((await fleetStore.reports()).find((report) => report.app === app)).toEqual({
        app,
        sweptAt: T0 + 2 * MINUTE,
        neededAt: T0 + 2 * MINUTE,
        known: 3,
        unknown: 0,
        reaped: 1,
      });
      expect((await fleetStore.recall(app)).sightings.map(({ machineId }) => machineId)).toEqual(["m2"]);
      expect((await since(T0)) - before).toBe(1);
    });

    it("is counted for good, and remembered one by one for a while", async () => {
      const app = anApp();
      const start = T0 + 10 * REAPED_KEPT_MS;
      await remember(app, start, [
        aSighting("m1", { lastSeenAt: start }),
        aSighting("m2", { lastSeenAt: start }),
      ]);
      await fleetStore.recordReaped(app, "m1", start);
      await fleetStore.recordReaped(app, "m2", start + REAPED_KEPT_MS + 1);
      expect(await fleetStore.reapedSince(start)).toBe(1);
      expect((await fleetStore.reports()).find((report) => report.app === app)?.reaped).toBe(2);
    });
  });
}
