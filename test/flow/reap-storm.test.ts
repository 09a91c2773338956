import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/event.ts";
import { attemptOfMachine, machineName } from "../../src/core/id.ts";
import { REAP_SEEN_BEFORE_MS, REAP_UNKNOWN_RUN_AGE_MS } from "../../src/core/limits.ts";
import type { Machine } from "../../src/core/machine.ts";
import { NO_OUTPUT } from "../../src/core/output.ts";
import { judge } from "../../src/core/reap.ts";
import { listMachines } from "../../src/flow/list-machines.ts";
import type { Fleet, FleetStore } from "../../src/flow/ports/fleet.ts";
import { reap } from "../../src/flow/reap.ts";
import { aRunId, aStartingRun, followedBy, type Story, T0 } from "../support/a-run.ts";
import { MemoryFleetStore } from "../support/memory-fleet-store.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { seededRandom } from "../support/seeded-random.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

type Kept = Machine & { ours: boolean; goneAt: number | null };

/** What a sweep calls fails now and then, before or after its effect, and takes its time; other sweeps come in between. */
function storm(seed: number) {
  const random = seededRandom(seed);
  let stormy = true;
  const happens = (share: number) => stormy && random() < share;
  let now = T0;
  const store = new MemoryStore();
  const memory = new MemoryFleetStore(store);
  const machines = new Map<string, Kept>();
  const seenAt = new Map<string, number>();
  const wrong: string[] = [];
  let destroyed = 0;

  const claimOf = async (name: string) => {
    const of = attemptOfMachine(name);
    const claims = await memory.claims(of ? [of.runId] : []);
    return { attempt: of?.attempt ?? null, claim: claims.get(of?.runId ?? "") ?? null };
  };
  const verdictOf = async (machine: Kept) => {
    const { attempt, claim } = await claimOf(machine.name);
    return judge({ id: machine.id, state: "started" }, attempt, claim);
  };
  /** Other things of the world happen between a question and its effect, and between that and its answer. */
  const turns = async () => {
    for (let count = Math.floor(random() * 4); count > 0; count--) await Promise.resolve();
  };
  const call = async <T>(effect: () => T | Promise<T>): Promise<T> => {
    await turns();
    if (happens(0.04)) throw new Error("the sweep broke off");
    const answer = await effect();
    await turns();
    if (happens(0.04)) throw new Error("the sweep broke off");
    return answer;
  };

  const fleet: Fleet = {
    app: "app",
    list: () =>
      call(() => {
        if (happens(0.1)) return { kind: "failed" as const, error: "answered 500" };
        if (happens(0.1)) return { kind: "listed" as const, machines: [] };
        const lagMs = happens(0.4) ? random() * 2 * MINUTE : 0;
        const filtered = !happens(0.1);
        const listed = [...machines.values()].filter(
          ({ createdAt, goneAt, ours }) =>
            (createdAt ?? 0) <= now - lagMs &&
            (goneAt === null || goneAt > now - lagMs) &&
            (ours || !filtered),
        );
        return {
          kind: "listed" as const,
          machines: listed.map((machine) => ({ ...machine, state: "started" as const })),
        };
      }),
    look: (id) =>
      call(() => {
        const machine = machines.get(id);
        if (happens(0.1)) return { kind: "failed" as const, error: "answered 503" };
        if (!machine || machine.goneAt !== null) return { kind: "absent" as const };
        return machine.ours ? { kind: "found" as const, machine } : { kind: "foreign" as const };
      }),
    destroy: (id) =>
      call(async () => {
        if (happens(0.1)) return { kind: "failed" as const, error: "answered 503" };
        const machine = machines.get(id);
        const verdict = machine && (await verdictOf(machine));
        if (!machine || machine.goneAt !== null) return { kind: "gone" as const };
        if (verdict?.known) wrong.push(`${id} was destroyed, which is known: ${verdict.why}`);
        if (!machine.ours) wrong.push(`${id} was destroyed, which is somebody else's`);
        if (now - (seenAt.get(id) ?? now) < REAP_SEEN_BEFORE_MS) wrong.push(`${id} was destroyed too soon`);
        machine.goneAt = now;
        destroyed += 1;
        return happens(0.2) ? { kind: "failed" as const, error: "no answer" } : { kind: "done" as const };
      }),
  };
  const fleetStore: FleetStore = {
    claims: (ids) => call(() => memory.claims(ids)),
    scheduled: (names) => call(() => memory.scheduled(names)),
    recall: (app) => call(() => memory.recall(app)),
    remember: (report, change) =>
      call(() => {
        for (const { machineId } of change.seen) if (!seenAt.has(machineId)) seenAt.set(machineId, now);
        return memory.remember(report, change);
      }),
    recordReaped: (app, id, at) => call(() => memory.recordReaped(app, id, at)),
    reports: () => memory.reports(),
    reapedSince: (at) => memory.reapedSince(at),
  };
  const ports = { fleets: [fleet], fleetOf: () => fleet, fleetStore, clock: { now: () => now } };

  const stories: Story[] = [];
  let made = 0;
  const make = (name: string, ours = true) => {
    const id = `m${String(++made).padStart(4, "0")}`;
    machines.set(id, {
      id,
      name,
      state: "started",
      region: null,
      createdAt: now,
      events: [],
      metadata: {},
      ours,
      goneAt: null,
    });
    return id;
  };
  const record = async (index: number, ...events: RunEvent[]) => {
    const before = stories[index];
    if (before === undefined) return;
    stories[index] = followedBy(before, ...events);
    await store.record(before.state, events, []);
  };

  /** Somebody does something: a run is ordered, is launched, goes on to its next attempt, or ends; or a machine appears that nobody asked for. */
  async function somethingHappens(): Promise<void> {
    const index = Math.floor(random() * stories.length);
    const story = stories[index];
    const attempt = story?.state.attempts.at(-1);
    const what = random();
    if (story === undefined || what < 0.25) {
      const next = aStartingRun();
      await store.accept(next.state, next.events, null);
      stories.push(next);
      return;
    }
    if (what > 0.75) {
      const names = [
        "by-hand",
        machineName(aRunId(), 1),
        machineName(story.state.run.id, 1 + Math.floor(random() * 3)),
      ];
      make(names[Math.floor(random() * names.length)] ?? "", random() < 0.8);
      return;
    }
    if (!story.state.run.open || attempt === undefined) return;
    const { number } = attempt;
    if (attempt.machineId === null) {
      const machineId = make(attempt.machineName);
      // Now and then it is asked for, and its driver does not live to record it.
      if (random() < 0.7)
        await record(index, {
          type: "machine_created",
          at: now,
          attempt: number,
          machineId,
          region: null,
          adopted: false,
        });
      return;
    }
    const machine = machines.get(attempt.machineId);
    if (machine && machine.goneAt === null) machine.goneAt = now;
    const exit = { code: 1, signal: null, oomKilled: false };
    const output = {
      stdoutBytes: NO_OUTPUT.stdout,
      stderrBytes: NO_OUTPUT.stderr,
      droppedBytes: 0,
      complete: true,
    };
    const ending = { at: now, reason: "machine_lost" as const, limit: null, detail: null, exit, output };
    const released = { type: "machine_released" as const, at: now, attempt: number, events: [] };
    if (random() < 0.5) {
      const next = { at: now, guest: { cpuKind: "shared" as const, cpus: 1, memoryMb: 256 }, region: null };
      await record(index, { type: "attempt_failed", attempt: number, next, ...ending }, released);
      const plannedName = machineName(story.state.run.id, number + 1);
      const machineConfig = attempt.machineConfig;
      await record(index, {
        type: "attempt_planned",
        at: now,
        attempt: number + 1,
        app: null,
        launchAt: now,
        machineName: plannedName,
        machineConfig,
      });
    } else await record(index, { type: "settled", status: "failed", ...ending }, released);
  }

  return {
    wrong,
    async play() {
      for (let minute = 0; minute < 30; minute++) {
        for (let count = Math.floor(random() * 6); count > 0; count--) {
          now += random() * 10 * SECOND;
          await somethingHappens();
        }
        const sweeps = [reap(ports)];
        if (happens(0.3)) sweeps.push(reap(ports));
        await somethingHappens();
        await Promise.all(sweeps);
        now += random() * MINUTE;
      }
      stormy = false;
      const calmSince = now;
      while (now < calmSince + REAP_UNKNOWN_RUN_AGE_MS + 2 * MINUTE) {
        await reap(ports);
        now += MINUTE;
      }
      await reap(ports);
    },
    async left() {
      const alive = [...machines.values()].filter(({ goneAt }) => goneAt === null);
      const verdicts = await Promise.all(alive.map(verdictOf));
      const unknown = alive.filter(({ ours }, index) => ours && !verdicts[index]?.known);
      const { reaped } = await listMachines(ports);
      return {
        unknown: unknown.map(({ id }) => id),
        foreign: alive.filter(({ ours }) => !ours).length,
        counted: reaped.total,
        destroyed,
      };
    },
    machines,
  };
}

describe("in a storm of lists that lag, are empty or fail, sweeps that break off or overlap, and calls that fail", () => {
  const SEEDS = Number(process.env.MAYFLY_SEEDS ?? 300);

  it(`no living attempt loses its machine, nobody else's is touched, and all of nobody's are gone and counted (${SEEDS} seeds)`, async () => {
    let destroyed = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = storm(seed);
      await world.play();
      expect(world.wrong, `seed ${seed}`).toEqual([]);
      const left = await world.left();
      const foreign = [...world.machines.values()].filter(({ ours }) => !ours).length;
      expect(left, `seed ${seed}`).toMatchObject({ unknown: [], foreign, counted: left.destroyed });
      destroyed += left.destroyed;
    }
    expect(destroyed).toBeGreaterThan(5 * SEEDS);
  }, 120_000);
});
