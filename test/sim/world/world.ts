/** The simulated world: everything around the flow, made for one seed. */

import type { Attempt } from "../../../src/core/attempt.ts";
import { AppError } from "../../../src/core/error.ts";
import { isFinal } from "../../../src/core/run.ts";
import type { AdvancePorts } from "../../../src/flow/flow.ts";
import { type LaunchSettings, launchesOver } from "../../../src/flow/launches.ts";
import type { SecretKeeper } from "../../../src/flow/ports/secrets.ts";
import type { Clock, Store } from "../../../src/flow/ports.ts";
import type { ReapPorts } from "../../../src/flow/reap.ts";
import { flyFleet } from "../../../src/fly/fleet.ts";
import { flyMachines } from "../../../src/fly/machines.ts";
import { T0 } from "../../support/a-run.ts";
import { MemoryFleetStore } from "../../support/memory-fleet-store.ts";
import { MemoryStore } from "../../support/memory-store.ts";
import type { Chance } from "../chance.ts";
import { Scheduler } from "../scheduler.ts";
import { Trace } from "../trace.ts";
import { MemoryBlobs } from "./blobs.ts";
import { Life } from "./life.ts";
import type { SimMachine } from "./machine.ts";
import { Network } from "./network.ts";
import type { Order } from "./order.ts";
import { Platform } from "./platform.ts";
import { Posts } from "./posts.ts";
import { programOf } from "./program.ts";
import { overNetwork } from "./storage.ts";
import { Unreachable } from "./unreachable.ts";
import { Vault } from "./vault.ts";

/** The simulated deployment's id, as its machines carry it. */
export const DEPLOYMENT = async () => "simulated";

export class World {
  readonly chance: Chance;
  readonly time = new Scheduler(T0);
  readonly trace = new Trace(this.time);
  readonly store = new MemoryStore();
  readonly fleetStore = new MemoryFleetStore(this.store);
  /** Machines that the sweep over them told to go, in order. */
  readonly reapedIds: string[] = [];
  readonly blobs = new MemoryBlobs();
  readonly vault = new Vault(this.time.realWork);
  readonly orders: Order[] = [];
  readonly network: Network;
  readonly platform: Platform;
  readonly posts: Posts;
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
  #requests = 0;

  constructor(chance: Chance) {
    this.chance = chance;
    this.launches = {
      apps: chance.pick<LaunchSettings["apps"]>("apps", [["mayfly-a"], ["mayfly-a", "mayfly-b"]]),
      // The slowest has runs wait for longer than their drivers remember.
      perSecond: chance.pick("launches a second", [0, 0.1, 0.1, 1]),
    };
    this.network = new Network(chance, this.time, this.trace);
    this.defaultRegion = chance.pick("default region", [null, "ams"]);
    this.organizationLimit = chance.pick("organization limit", [null, null, 1, 2]);
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
  }

  orderOf(runId: string): Order {
    const order = this.orders.find(({ runIds }) => runIds.includes(runId));
    if (!order) throw new Error(`nobody ordered run ${runId}`);
    return order;
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
