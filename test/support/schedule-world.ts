/**
 * Schedules in a test's own hands: real ticks, timekeepers and submits over stores in memory, with a clock that the test moves and
 * runs that it ends. Ticks can be late, doubled or left out, and timekeepers can forget.
 */

import type { JobDefinition } from "../../src/core/job.ts";
import type { RunState } from "../../src/core/run.ts";
import type { ScheduleKey, ScheduleSpec } from "../../src/core/schedule/spec.ts";
import type { FirePorts } from "../../src/flow/fire-armed.ts";
import { fireShard } from "../../src/flow/fire-shard.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { Timekeepers } from "../../src/flow/ports/schedules.ts";
import type { Drivers } from "../../src/flow/ports.ts";
import { type TickPorts, tick } from "../../src/flow/tick.ts";
import { Timekeeper } from "../../src/flow/timekeeper.ts";
import { type WatchPorts, watch } from "../../src/flow/watch.ts";
import { aRunId, aSpec, T0 } from "./a-run.ts";
import { MemoryAlertStore } from "./memory-alert-store.ts";
import { memoryJobStore } from "./memory-job-store.ts";
import { MemoryScheduleStore } from "./memory-schedule-store.ts";
import { MemoryStore } from "./memory-store.ts";

export class ScheduleWorld {
  readonly schedules = new MemoryScheduleStore();
  readonly store = new MemoryStore();
  readonly alerts = new MemoryAlertStore(this.schedules, this.store);
  readonly jobs = memoryJobStore(this.schedules, this.alerts);
  now = T0;
  /** What keeps a job from being run. */
  orderOf: FirePorts["orderOf"] = async ({ job }, input) => ({
    spec: aSpec(),
    job: { name: job.name, version: job.version, input },
  });
  readonly #alarms = new Map<number, number>();
  readonly #keepers = new Map<number, Timekeeper>();
  readonly errors: unknown[] = [];

  constructor() {
    this.store.ledger = this.schedules;
  }

  async put(job: string, specs: ScheduleSpec[], more: Partial<JobDefinition> = {}): Promise<void> {
    const seen = (await this.jobs.find("default", job))?.job ?? null;
    const version = (seen?.version ?? 0) + 1;
    const definition = { run: {}, ...more };
    const next = { version, definition, change: { kind: "put" as const }, createdAt: this.now };
    await this.jobs.put("default", job, seen, next, specs);
  }

  readonly ports: FirePorts = {
    schedules: this.schedules,
    jobs: this.jobs,
    store: this.store,
    clock: { now: () => this.now },
    ids: { runId: (nowMs) => aRunId(nowMs) },
    drivers: { start: async () => {} } as unknown as Drivers,
    launches: launchesOver(this.store, { apps: ["mayfly-tests"], perSecond: 0 }),
    defaultRegion: null,
    organizationLimit: null,
    orderOf: (...job) => this.orderOf(...job),
  };

  readonly timekeepers: Timekeepers = { wake: (shard, atMs) => this.#keeper(shard).wake(atMs) };

  tick() {
    return tick({ ...this.ports, timekeepers: this.timekeepers });
  }

  /** What the minute's cron does about schedules, one after the other. */
  async cron(
    ports: Pick<TickPorts & WatchPorts, "schedules" | "timekeepers" | "alerts"> = this,
  ): Promise<void> {
    const { clock } = this.ports;
    await tick({ ...ports, clock });
    await watch({ ...ports, clock }).catch((error) => this.errors.push(error));
  }

  /** Lets the alarms ring up to a moment, each at its time. */
  async until(ms: number): Promise<void> {
    for (;;) {
      const [next] = [...this.#alarms].sort(([, a], [, b]) => a - b);
      if (next === undefined || next[1] > ms) break;
      await this.#ring(...next);
    }
    this.now = Math.max(this.now, ms);
  }

  /** The minute's cron, and what is due in between, over a stretch of time. */
  async live(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      await this.tick();
      await this.until(Math.min(end, this.now + 60_000));
    }
  }

  /** Every timekeeper is lost, with its alarm. */
  crash(): void {
    this.#alarms.clear();
    this.#keepers.clear();
  }

  runs(): RunState[] {
    return [...this.store.runs.values()].map(({ state }) => state);
  }

  /** A run's command ends, and its machine is gone. */
  async end(runId: string): Promise<void> {
    const state = await this.store.load(runId);
    if (state === null) throw new Error(`there is no run ${runId}`);
    const at = this.now;
    const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
    const exit = { code: 0, signal: null, oomKilled: false };
    const ending = { reason: null, limit: null, detail: null, exit };
    await this.store.record(
      state,
      [
        { type: "machine_created", at, attempt: 1, machineId: runId, region: null, adopted: false },
        { type: "machine_started", at, attempt: 1 },
        { type: "exited", at, attempt: 1, exit, source: "runner" },
        { type: "settled", at, status: "succeeded", ...ending, output },
        { type: "machine_released", at, attempt: 1, events: [] },
      ],
      [],
    );
  }

  /** "minute:outcome" of each row of a ledger, by minutes since T0. */
  ledger(key: ScheduleKey): string[] {
    return this.schedules.of(key).map(({ dueAt, outcome }) => `${(dueAt - T0) / 60_000}:${outcome}`);
  }

  async #ring(shard: number, atMs: number): Promise<void> {
    this.#alarms.delete(shard);
    this.now = Math.max(this.now, atMs);
    await this.#keeper(shard).alarm();
  }

  #keeper(shard: number): Timekeeper {
    const known = this.#keepers.get(shard);
    if (known) return known;
    const keeper = new Timekeeper({
      clock: this.ports.clock,
      fire: (passedOver) => fireShard(this.ports, shard, passedOver),
      alarmAt: async () => this.#alarms.get(shard) ?? null,
      setAlarm: async (atMs) => void this.#alarms.set(shard, atMs),
      logError: (error) => this.errors.push(error),
    });
    this.#keepers.set(shard, keeper);
    return keeper;
  }
}
