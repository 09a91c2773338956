/** The simulated world: everything around the flow, made for one seed. */

import type { Attempt } from "../../../src/core/attempt.ts";
import { AppError } from "../../../src/core/error.ts";
import { isFinal } from "../../../src/core/run.ts";
import type { RunSpec } from "../../../src/core/run-spec.ts";
import type { FirePorts } from "../../../src/flow/fire-armed.ts";
import { fireShard } from "../../../src/flow/fire-shard.ts";
import type { AdvancePorts } from "../../../src/flow/flow.ts";
import { type LaunchSettings, launchesOver } from "../../../src/flow/launches.ts";
import type { JobStore } from "../../../src/flow/ports/jobs.ts";
import type { ScheduleStore } from "../../../src/flow/ports/schedules.ts";
import type { SecretKeeper } from "../../../src/flow/ports/secrets.ts";
import type { Clock, Store } from "../../../src/flow/ports.ts";
import type { ReapPorts } from "../../../src/flow/reap.ts";
import { flyFleet } from "../../../src/fly/fleet.ts";
import { flyMachines } from "../../../src/fly/machines.ts";
import { MemoryFleetStore } from "../../support/memory-fleet-store.ts";
import { memoryJobStore } from "../../support/memory-job-store.ts";
import { SqliteD1 } from "../../support/sqlite-d1.ts";
import type { Chance } from "../chance.ts";
import { Scheduler } from "../scheduler.ts";
import { Trace } from "../trace.ts";
import { countCryptoCalls } from "../web-crypto.ts";
import { aJobsRun } from "./a-schedule.ts";
import { MemoryBlobs } from "./blobs.ts";
import { aCalendar, type Calendar, STEADY } from "./calendar.ts";
import { aChainedRun, type Chains, someChains } from "./chained-jobs.ts";
import { DatabaseStore } from "./database-store.ts";
import { Keepers } from "./keepers.ts";
import { Life } from "./life.ts";
import type { SimMachine } from "./machine.ts";
import { Network } from "./network.ts";
import { aFiredOrder, drawFiredRunId, type Order } from "./order.ts";
import { Platform } from "./platform.ts";
import { Posts } from "./posts.ts";
import { programOf } from "./program.ts";
import { RecordingSchedules } from "./recording-schedules.ts";
import { RecordingStore } from "./recording-store.ts";
import type { SentDelivery } from "./senders.ts";
import { overNetwork } from "./storage.ts";
import { Switchboard } from "./switchboard.ts";
import { Unreachable } from "./unreachable.ts";
import { Vault } from "./vault.ts";

/** The simulated deployment's id, as its machines carry it. */
export const DEPLOYMENT = async () => "simulated";

/** In how many worlds there are schedules, about: they are large. */
const SCHEDULES_SHARE = 0.06;

/** Whether the world of a seed has schedules. */
export function hasSchedules(chance: Chance): boolean {
  return chance.fault("schedules", SCHEDULES_SHARE);
}

/** In how many there are hooks, chains and webhooks, about: likewise. */
const HOOKS_SHARE = 0.04;

/** Whether it has hooks, where it has no schedules. */
export function hasHooks(chance: Chance): boolean {
  return chance.fault("hooks", HOOKS_SHARE);
}

export class World {
  readonly chance: Chance;
  readonly calendar: Calendar;
  readonly time: Scheduler;
  readonly trace: Trace;
  readonly store: RecordingStore;
  readonly schedules: RecordingSchedules;
  readonly jobs: JobStore;
  readonly fleetStore: MemoryFleetStore;
  /** Machines that the sweep over them told to go, in order. */
  readonly reapedIds: string[] = [];
  readonly blobs = new MemoryBlobs();
  readonly vault: Vault;
  readonly orders: Order[] = [];
  readonly network: Network;
  readonly platform: Platform;
  readonly posts: Posts;
  readonly keepers: Keepers;
  /** Null in a world without hooks. */
  readonly switchboard: Switchboard | null;
  readonly chains: Chains;
  readonly deliveries: SentDelivery[] = [];
  /** Runs of hooks are reported on their commits. */
  readonly reports: boolean;
  readonly defaultRegion: string | null;
  readonly organizationLimit: number | null;
  /** Errors that no failing call brought about. */
  readonly upsets: string[] = [];
  /** Cancels by a filter that were answered: the runs that were active when it began, and those that it says it has asked to end. */
  readonly groupCancels: { group: string; there: string[]; asked: string[] }[] = [];
  /** How far the worker's clock is from the time, and how far it ever was. */
  clockOffMs = 0;
  clockOffMaxMs = 0;
  /** When the storm ended; null while it goes on. */
  calmSince: number | null = null;
  readonly workerClock: Clock = { now: () => this.time.now() + this.clockOffMs };
  readonly launches: LaunchSettings;
  /** More runs come than their app can launch soon. */
  readonly isRush: boolean;
  readonly hasSchedules: boolean;
  readonly hasHooks: boolean;
  /** By name: what the runs of a job are to do. */
  readonly jobRuns = new Map<string, RunSpec>();
  #requests = 0;
  #firedRuns = 0;

  constructor(chance: Chance) {
    this.chance = chance;
    this.hasSchedules = hasSchedules(chance);
    this.hasHooks = !this.hasSchedules && hasHooks(chance);
    this.calendar = this.hasSchedules ? aCalendar(chance) : STEADY;
    this.time = new Scheduler(this.calendar.beginsAt);
    this.trace = new Trace(this.time);
    if (this.hasHooks) countCryptoCalls();
    const stored = this.hasHooks ? new SqliteD1() : null;
    this.store = stored
      ? new DatabaseStore(stored.database, (notifier) => this.switchboard?.heard(notifier))
      : new RecordingStore();
    this.fleetStore = new MemoryFleetStore(this.store);
    this.chains = this.hasHooks ? someChains(chance) : { jobs: [], isCircle: false };
    this.reports = this.hasHooks && chance.number("runs are reported") < 0.5;
    this.schedules = new RecordingSchedules(this.time);
    this.jobs = memoryJobStore(this.schedules);
    this.vault = new Vault(this.time.realWork);
    // Runs of other worlds that are ordered ahead of their time have no schedule that could take it back.
    if (this.hasSchedules) this.store.ledger = this.schedules;
    const apps = chance.pick<LaunchSettings["apps"]>("apps", [["mayfly-a"], ["mayfly-a", "mayfly-b"]]);
    // The slowest has runs wait for longer than their drivers remember.
    const perSecond = chance.pick("launches a second", [0, 0.1, 0.1, 1]);
    this.isRush = chance.fault("a rush", 0.06);
    this.launches = this.isRush ? { apps: ["mayfly-a"], perSecond: 0.1 } : { apps, perSecond };
    this.network = new Network(chance, this.time, this.trace);
    this.defaultRegion = chance.pick("default region", [null, "ams"]);
    const organizationLimit = chance.pick("organization limit", [null, null, 1, 2]);
    this.organizationLimit = this.isRush ? null : organizationLimit;
    this.platform = new Platform(this, this.network, (runId, attempt, memoryMb) =>
      programOf(this.orderOf(runId).behaviour, attempt, memoryMb),
    );
    this.posts = new Posts({
      chance,
      time: this.time,
      trace: this.trace,
      clock: this.workerClock,
      flowPorts: (runId, life) => this.#flowPorts(runId, life),
      upset: (who, error) => this.upset(who, error),
    });
    this.keepers = new Keepers({
      chance,
      time: this.time,
      trace: this.trace,
      clock: this.workerClock,
      isDown: () => this.posts.isDown,
      fire: async (shard, life, passedOver) => {
        const report = await fireShard(this.firePorts(life), shard, passedOver);
        for (const problem of report.problems) this.upsetBy(life.name, problem);
        return report;
      },
      upset: (who, error) => this.upset(who, error),
    });
    this.switchboard = stored && new Switchboard(this, stored);
  }

  orderOf(runId: string): Order {
    const order = this.orders.find(({ runIds }) => runIds.includes(runId)) ?? this.#firedOrderOf(runId);
    if (!order) throw new Error(`nobody ordered run ${runId}`);
    return order;
  }

  /** Ends whoever is at work; nobody is for so long. */
  goDown(forMs: number): void {
    this.posts.goDown(forMs);
    this.keepers.goDown();
    this.switchboard?.places.goDown();
  }

  /** New code takes over. */
  deploy(): void {
    this.posts.deploy();
    this.keepers.deploy();
    this.switchboard?.places.deploy();
  }

  /** Runs of orders with this tag that are stored and not final. */
  activeRuns(group: string): string[] {
    return [...this.store.runs.values()]
      .map(({ state }) => state.run)
      .filter(({ spec, status }) => spec.tags.group === group && !isFinal(status))
      .map(({ id }) => id);
  }

  /** The machine that an attempt knows of, or else the last that was made for it. */
  machineOf({ machineName, machineId }: Attempt): SimMachine | null {
    const machines = this.platform.machines.filter(({ name }) => name === machineName);
    return machines.find(({ id }) => id === machineId) ?? machines.at(-1) ?? null;
  }

  /** A life that answers one request, and the store as it reaches it. */
  request(what: string): { life: Life; store: Store } {
    const life = new Life(`request ${++this.#requests} (${what})`, this.chance, this.trace);
    return { life, store: life.through(overNetwork(this.store, this.chance, this.time)) };
  }

  /** The secrets as a life reaches them. */
  secretsFor(life: Life): SecretKeeper {
    const store = life.through(overNetwork(this.vault.store, this.chance, this.time));
    return life.through(this.vault.keeper(store, this.workerClock));
  }

  /** The schedules as a life reaches them whose clock is so far from the worker's. */
  schedulesFor(life: Life, offMs: number): ScheduleStore {
    return life.through(overNetwork<ScheduleStore>(this.schedules.decidedBy(offMs), this.chance, this.time));
  }

  /** What starts firings, in a life of its own. */
  firePorts(life: Life): FirePorts {
    const store = life.through(overNetwork(this.store, this.chance, this.time));
    return {
      store,
      schedules: this.schedulesFor(life, 0),
      jobs: life.through(overNetwork(this.jobs, this.chance, this.time)),
      drivers: life.through(this.posts.drivers()),
      clock: this.workerClock,
      ids: { runId: (nowMs) => drawFiredRunId(nowMs, ++this.#firedRuns) },
      launches: launchesOver(store, this.launches),
      defaultRegion: this.defaultRegion,
      organizationLimit: this.organizationLimit,
      orderOf: async ({ job: { name, version } }, input) => ({
        spec: this.orderForJob(name),
        job: { name, version, input },
      }),
    };
  }

  /** Takes note of what somebody says of an error that was met on the way, likewise. */
  upsetBy(who: string, problem: string): void {
    if (!/not reachable|no answer from|went away|code was replaced/.test(problem))
      this.upset(who, new Error(problem));
  }

  /** Takes note of an error, unless a call has failed or it tells a caller what was wrong with a request. */
  upset(who: string, error: unknown): void {
    if (error instanceof Unreachable || error instanceof AppError) return;
    this.upsets.push(`${who} met this: ${error instanceof Error ? error.message : error}`);
  }

  /** What the sweep over machines has, in a life of its own. */
  reapPorts(life: Life): ReapPorts {
    const fleetOf = (app: string) => {
      const fleet = flyFleet(app, this.platform.clientOf("sweep", app), DEPLOYMENT);
      const destroy = (machineId: string) => {
        this.reapedIds.push(machineId);
        return fleet.destroy(machineId);
      };
      return life.through({ ...fleet, destroy });
    };
    return {
      fleets: this.launches.apps.map(fleetOf),
      fleetOf,
      fleetStore: life.through(overNetwork(this.fleetStore, this.chance, this.time)),
      clock: this.workerClock,
    };
  }

  jumpClock(byMs: number): void {
    this.trace.say(`the worker's clock jumps by ${byMs} ms`);
    this.clockOffMs += byMs;
    this.clockOffMaxMs = Math.max(this.clockOffMaxMs, Math.abs(this.clockOffMs));
  }

  /** An order for a due time of a job's schedule, or a start of another kind, of which a run comes or none. */
  orderForJob(job: string): RunSpec {
    const { chance, hasHooks, chains } = this;
    const run =
      this.jobRuns.get(job) ?? (hasHooks ? aChainedRun(job, chains.isCircle, chance) : aJobsRun(job, chance));
    this.jobRuns.set(job, run);
    const order = aFiredOrder(this.orders.length + 1, run, chance);
    this.orders.push(order);
    return order.spec;
  }

  /** By the spec that it was ordered with, which is its alone. */
  #firedOrderOf(runId: string): Order | undefined {
    const [accepted] = this.store.runs.get(runId)?.events ?? [];
    const spec = accepted?.event.type === "accepted" ? accepted.event.spec : null;
    return this.orders.find((order) => order.spec === spec);
  }

  #flowPorts(runId: string, life: Life): AdvancePorts {
    const store = life.through(overNetwork(this.store, this.chance, this.time));
    return {
      store,
      blobs: life.through(overNetwork(this.blobs, this.chance, this.time)),
      machinesOf: (app) =>
        life.through(flyMachines(this.platform.clientOf(runId, app ?? this.launches.apps[0]), DEPLOYMENT)),
      launches: launchesOver(store, this.launches),
      clock: this.workerClock,
      drivers: life.through(this.posts.drivers()),
      secrets: this.secretsFor(life),
      defaultRegion: this.defaultRegion,
      organizationLimit: this.organizationLimit,
    };
  }
}
