/** The simulated world: everything around the flow, made for one seed. */

import type { RunState } from "../../../src/core/run.ts";
import type { AdvancePorts } from "../../../src/flow/flow.ts";
import { type LaunchSettings, launchesOver } from "../../../src/flow/launches.ts";
import type { Clock, Store } from "../../../src/flow/ports.ts";
import { flyMachines } from "../../../src/fly/machines.ts";
import { T0 } from "../../support/a-run.ts";
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
import { overNetwork } from "./storage.ts";

export class World {
  readonly chance: Chance;
  readonly time = new Scheduler(T0);
  readonly trace = new Trace(this.time);
  readonly store = new MemoryStore();
  readonly blobs = new MemoryBlobs();
  readonly orders: Order[] = [];
  readonly network: Network;
  readonly platform: Platform;
  readonly posts: Posts;
  /** How far the worker's clock is from the time, and how far it ever was. */
  clockOffMs = 0;
  clockOffMaxMs = 0;
  /** When the storm ended; null while it goes on. */
  calmSince: number | null = null;
  readonly workerClock: Clock = { now: () => this.time.now() + this.clockOffMs };
  readonly launches: LaunchSettings = { apps: ["mayfly-sim"], perSecond: 0 };
  #requests = 0;

  constructor(chance: Chance) {
    this.chance = chance;
    this.network = new Network(chance, this.time, this.trace);
    this.platform = new Platform(this, this.network, (runId) => this.orderOf(runId).program);
    this.posts = new Posts({
      chance,
      time: this.time,
      trace: this.trace,
      clock: this.workerClock,
      flowPorts: (runId, life) => this.#flowPorts(runId, life),
    });
  }

  orderOf(runId: string): Order {
    const order = this.orders.find(({ runIds }) => runIds.includes(runId));
    if (!order) throw new Error(`nobody ordered run ${runId}`);
    return order;
  }

  /** The machine that a run knows of, or else the last that was made for it. */
  machineOf({ run, attempts }: RunState): SimMachine | null {
    const known = attempts.at(-1)?.machineId;
    const machines = this.platform.machinesOf(run.id);
    return machines.find(({ id }) => id === known) ?? machines.at(-1) ?? null;
  }

  /** A life that answers one request, and the store as it reaches it. */
  request(what: string): { life: Life; store: Store } {
    const life = new Life(`request ${++this.#requests} (${what})`, this.chance, this.trace);
    return { life, store: life.through(overNetwork(this.store, this.chance, this.time)) };
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
      machinesOf: () => life.through(flyMachines(this.platform.clientOf(runId))),
      launches: launchesOver(store, this.launches),
      clock: this.workerClock,
      defaultRegion: null,
    };
  }
}
