/**
 * Schedules of `on: fly` in a test's own hands: the real look at them over stores in memory, a Fly whose scheduler the test is, and a
 * clock that it moves.
 */

import type { Machine, MachineEvent, MachineExit } from "../../src/core/machine.ts";
import type { RunState } from "../../src/core/run.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { ScheduledMachineRequest, ScheduledMachines } from "../../src/flow/ports/fly-schedules.ts";
import type { CreateResult, Drivers } from "../../src/flow/ports.ts";
import { type TendPorts, tendFlySchedules } from "../../src/flow/tend-fly-schedules.ts";
import { aSchedule } from "../contracts/schedule-store-contract.ts";
import { aRunId, aSpec, T0 } from "./a-run.ts";
import { MemoryFlySchedules } from "./memory-fly-schedules.ts";
import { memoryJobStore } from "./memory-job-store.ts";
import { MemoryScheduleStore } from "./memory-schedule-store.ts";
import { MemoryStore } from "./memory-store.ts";

interface FakeMachine extends Machine {
  app: string;
  request: ScheduledMachineRequest;
}

export const KEY = { orgId: "default", job: "j", name: "s" };
const KEPT_EVENTS = 5;
/** As in `test/worker/cron-queries.test.ts`. */
const STATEMENTS_OF_A_START = 10;

export class FlyWorld {
  readonly schedules = new MemoryScheduleStore();
  readonly flySchedules = new MemoryFlySchedules(this.schedules);
  readonly store = new MemoryStore();
  readonly jobs = memoryJobStore(this.schedules);
  now = T0;
  /** What runs of the job are. */
  spec: RunSpec = aSpec();
  readonly machines: FakeMachine[] = [];
  /** What happens to the next create: null lets it be. */
  onCreate: ((make: () => CreateResult) => CreateResult) | null = null;
  /** Whether an update that is accepted is taken back. */
  reverts = false;
  /** How many events Fly tells of unasked. */
  toldEvents = KEPT_EVENTS;
  /** How many it keeps at all. */
  keptEvents = 50;
  broken: string | null = null;
  /** Creates that were asked for. */
  asks = 0;
  /** So long a list does not have a machine after it was made. */
  listLagMs = 0;
  orderOf: TendPorts["orderOf"] = async ({ job }, input) => ({
    spec: this.spec,
    job: { name: job.name, version: job.version, input },
  });
  /** What no look may do. */
  readonly #wrongs: string[] = [];

  constructor() {
    this.store.ledger = this.schedules;
  }

  readonly ports: TendPorts = {
    sent: () => STATEMENTS_OF_A_START * this.store.runs.size,
    flySchedules: this.flySchedules,
    scheduledMachinesOf: (app) => this.#of(app),
    jobs: this.jobs,
    store: this.store,
    clock: { now: () => this.now },
    ids: { runId: (nowMs) => aRunId(nowMs) },
    drivers: { start: async () => {} } as unknown as Drivers,
    launches: launchesOver(this.store, { apps: ["one"], perSecond: 0 }),
    defaultRegion: "ams",
    orderOf: (...job) => this.orderOf(...job),
  };

  async put(names: string[] = ["s"], job = "j"): Promise<void> {
    const seen = (await this.jobs.find("default", job))?.job ?? null;
    const version = (seen?.version ?? 0) + 1;
    const next = { version, definition: { run: {} }, change: { kind: "put" as const }, createdAt: this.now };
    const specs = names.map((name) => aSchedule({ name, rule: { kind: "fly", period: "hourly" } }));
    await this.jobs.put("default", job, seen, next, specs);
  }

  async tick(minutesLater = 1) {
    this.now += minutesLater * 60_000;
    const report = await tendFlySchedules(this.ports);
    if (this.#wrongs.length > 0) throw new Error(this.#wrongs.join("; "));
    return report;
  }

  /** Of those that are not destroyed. */
  living(): FakeMachine[] {
    return this.machines.filter(({ state }) => state !== "destroyed");
  }

  /** The only one. */
  machine(): FakeMachine {
    const [machine, ...others] = this.living();
    if (machine === undefined || others.length > 0)
      throw new Error(`there are ${this.living().length} machines`);
    return machine;
  }

  /** Fly starts it now. */
  start(machine = this.machine()): number {
    this.now += 1000;
    this.#add(machine, { type: "start", status: "starting" });
    this.#add(machine, { type: "start", status: "started" });
    machine.state = "started";
    return this.now;
  }

  /** Its command has ended, and its output been read or not. */
  stop(code = 0, machine = this.machine()): void {
    this.now += 1000;
    const exit: MachineExit = { code, signal: null, oomKilled: false, requestedStop: false, at: this.now };
    this.#add(machine, { type: "exit", status: "stopped", exit });
    machine.state = "stopped";
  }

  /** It is gone, by whomever. */
  lose(machine = this.machine()): void {
    machine.state = "destroyed";
    this.#add(machine, { type: "destroy", status: "destroyed" });
  }

  runs(): RunState[] {
    return [...this.store.runs.values()].map(({ state }) => state);
  }

  /** Seconds since T0 of each start that became a run, in the order of the runs' ids. */
  started(): number[] {
    return this.runs()
      .toSorted((a, b) => (a.run.id < b.run.id ? -1 : 1))
      .map(({ run }) => ((run.firing?.dueAt ?? 0) - T0) / 1000);
  }

  #add(machine: FakeMachine, { type, status, exit = null }: Partial<MachineEvent>): void {
    const event = { type: type ?? "", status: status ?? "", source: "flyd", at: this.now, exit };
    machine.events = [event, ...machine.events].slice(0, this.keptEvents);
  }

  #of(app: string): ScheduledMachines {
    const here = () => this.living().filter((machine) => machine.app === app);
    const by = (id: string) => this.machines.find((machine) => machine.id === id);
    const answers =
      <T>(answer: () => T) =>
      async () => {
        if (this.broken !== null) return { kind: "failed" as const, error: this.broken };
        return answer();
      };
    const make = (request: ScheduledMachineRequest): CreateResult => {
      const { name, config } = request;
      if (here().some((machine) => machine.name === name)) return { kind: "exists" };
      const id = `m${this.machines.length + 1}`;
      const machine: FakeMachine = {
        ...{
          id,
          name,
          app,
          request,
          state: "created",
          region: config.region,
          createdAt: this.now,
          events: [],
        },
        metadata: config.metadata,
      };
      this.machines.push(machine);
      this.#add(machine, { type: "launch", status: "created" });
      return { kind: "created", machine: { ...machine } };
    };
    return {
      create: async (request) => {
        this.asks += 1;
        const act = this.onCreate;
        this.onCreate = null;
        return act === null ? make(request) : act(() => make(request));
      },
      find: ({ name }) =>
        answers(() => {
          const isListed = ({ createdAt }: FakeMachine) => (createdAt ?? 0) + this.listLagMs <= this.now;
          const machine = here().find((one) => one.name === name && isListed(one));
          return machine ? { kind: "found" as const, machine: { ...machine } } : { kind: "absent" as const };
        })(),
      look: (id) =>
        answers(() => {
          const machine = by(id);
          if (machine === undefined) return { kind: "absent" as const };
          if (Object.keys(machine.metadata).length === 0) return { kind: "foreign" as const };
          const events = machine.events.slice(0, this.toldEvents);
          return { kind: "found" as const, machine: { ...machine, events } };
        })(),
      events: async (id) => by(id)?.events ?? null,
      update: (id, request) =>
        answers(() => {
          const machine = by(id);
          if (machine === undefined) return { kind: "gone" as const };
          if (machine.state === "started") this.#wrongs.push("a machine at work was changed");
          if (this.reverts) this.#add(machine, { type: "revert", status: "stopped" });
          else {
            machine.request = request;
            machine.metadata = request.config.metadata;
            this.#add(machine, { type: "update", status: "replaced" });
          }
          return { kind: "done" as const };
        })(),
      destroy: (id) =>
        answers(() => {
          const machine = by(id);
          if (machine === undefined || machine.state === "destroyed") return { kind: "gone" as const };
          if (machine.state === "started") this.#wrongs.push("a machine at work was destroyed");
          this.lose(machine);
          return { kind: "done" as const };
        })(),
    };
  }
}
