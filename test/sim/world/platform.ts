/** The Machines API of the simulated world: one app, its machines, and the client's calls to it over the network. */

import { METADATA_ATTEMPT, METADATA_DEPLOYMENT, METADATA_RUN } from "../../../src/core/machine.ts";
import type { Reason } from "../../../src/core/run.ts";
import type { FlyCalls } from "../../../src/fly/machines.ts";
import type { WireCreateRequest, WireExecReply, WireMachine } from "../../../src/fly/wire.ts";
import { type MachineWorld, SimMachine } from "./machine.ts";
import { LAG_MAX_MS } from "./model.ts";
import type { Answer, Network, Serve } from "./network.ts";
import type { Program } from "./program.ts";
import { NO_ROOM, REFUSALS } from "./refusals.ts";

const DONE: Answer<undefined> = { status: 200, body: undefined };
const UNKNOWN = { status: 404, error: "not_found: machine not found" };
const NOT_RUNNING = { status: 412, error: "failed_precondition: machine not running" };
const UNREACHABLE = { status: 503, error: "unavailable: host is unreachable" };
const nothing = () => {};

/** How the names of machines begin that no run has asked for. */
export const NOBODYS = "nobodys-";
/** What they do. */
const ENDLESS: Program = {
  pieces: [],
  secretPieces: [],
  durationMs: null,
  code: 0,
  oomKilled: false,
  stopsInMs: null,
  stoppedCode: 143,
};

/** What the command of a run's attempt does on a machine of so much memory. */
export type ProgramOf = (runId: string, attempt: number, memoryMb: number) => Program;

/** Where machines can be asked for by the orders there are. */
const REGIONS = ["ams", "fra", "eu"];

export class Platform {
  /** All there ever were, in the order of their creation. */
  readonly machines: SimMachine[] = [];
  /** Each is in one app, and unknown in every other. */
  readonly appOf = new Map<SimMachine, string>();
  /** By name: why creates of it were refused for good. */
  readonly refused = new Map<string, Set<Reason>>();
  /** By run: how many calls were made for it, whatever became of them. */
  readonly calls = new Map<string, number>();
  /** By name: how many times a machine was asked for, whatever became of that. */
  readonly creates = new Map<string, number>();
  readonly #world: MachineWorld;
  readonly #network: Network;
  readonly #programOf: ProgramOf;
  /** Regions that have had no room from the beginning, until the storm is over. */
  readonly #full: ReadonlySet<string>;

  constructor(world: MachineWorld, network: Network, programOf: ProgramOf) {
    this.#world = world;
    this.#network = network;
    this.#programOf = programOf;
    this.#full = new Set(REGIONS.filter((region) => world.chance.fault(`no room in ${region}`, 0.15)));
  }

  machinesOf(runId: string): SimMachine[] {
    return this.machines.filter(({ config }) => config.metadata?.[METADATA_RUN] === runId);
  }

  /** A machine of this deployment, of a run that is in no database. */
  makeNobodys(app: string): void {
    const id = `m${this.machines.length + 1}`;
    const metadata = { [METADATA_DEPLOYMENT]: "simulated" };
    this.#world.trace.say(`${id} comes to be, which is nobody's`);
    const asked = { name: `${NOBODYS}${id}`, config: { image: "x", metadata } };
    const machine = new SimMachine(id, asked, ENDLESS, this.#world);
    this.machines.push(machine);
    this.appOf.set(machine, app);
  }

  /** The calls as the client of `src/fly` makes them for a run. */
  clientOf(runId: string, app: string): FlyCalls {
    const network = this.#network;
    const counted = () => this.calls.set(runId, (this.calls.get(runId) ?? 0) + 1);
    /** Remembers that somebody tries to hear of these machines, and whether it comes to an answer. */
    const asking = async <T>(machines: SimMachine[], call: () => Promise<T>): Promise<T> => {
      counted();
      const at = this.#world.time.now();
      for (const { asks } of machines) asks.push({ at, answered: false });
      const answer = await call();
      for (const { asks } of machines) asks.push({ at, answered: true });
      return answer;
    };
    const withId = (id: string) => this.#inApp(app).filter((machine) => machine.id === id);
    const of = <T>(id: string, serve: (machine: SimMachine, reply: (a: Answer<T>) => void) => () => void) =>
      this.#reachable(app, id, serve);
    return {
      createMachine: (body) => {
        counted();
        const name = body.name ?? "";
        this.creates.set(name, (this.creates.get(name) ?? 0) + 1);
        return network.call<WireMachine>({ method: "POST", name: `create ${name}` }, (reply) => {
          reply(this.#create(app, body));
          return nothing;
        });
      },
      listMachines: (metadata, includeDeleted) => {
        return asking(
          this.machinesOf(runId).filter((machine) => this.appOf.get(machine) === app),
          () =>
            network.call<WireMachine[]>({ method: "GET", name: "list" }, (reply) => {
              reply({ status: 200, body: this.#list(app, metadata, includeDeleted) });
              return nothing;
            }),
        );
      },
      getMachine: (id) => {
        return asking(withId(id), () =>
          network.call<WireMachine>({ method: "GET", name: `get ${id}` }, (reply) => {
            const look = withId(id)[0]?.lookedLike(this.#lag("look"));
            reply(look ? { status: 200, body: look } : UNKNOWN);
            return nothing;
          }),
        );
      },
      waitForState: (id, state, timeoutMs, interrupt) => {
        counted();
        const seconds = Math.max(1, Math.floor(Math.min(60_000, timeoutMs) / 1000));
        return network.call<unknown>(
          {
            method: "GET",
            name: `wait ${id} ${state}`,
            timeoutMs: timeoutMs < 1000 ? timeoutMs : seconds * 1000 + 5000,
            interrupt,
          },
          of(id, (machine, reply) => this.#wait(machine, state, seconds, reply)),
        );
      },
      startMachine: (id) => {
        counted();
        return network.call<unknown>(
          { method: "POST", name: `start ${id}` },
          of(id, (machine, reply) => {
            reply(this.#start(machine));
            return nothing;
          }),
        );
      },
      exec: (id, command, timeoutS, interrupt) => {
        return asking(withId(id), () =>
          network.call<WireExecReply>(
            { method: "POST", name: `exec ${id}`, timeoutMs: timeoutS * 1000 + 5000, interrupt },
            of(id, (machine, reply) => this.#exec(machine, command, timeoutS, reply)),
          ),
        );
      },
      signalMachine: (id, signal) => {
        counted();
        return network.call<unknown>(
          { method: "POST", name: `signal ${id} ${signal}` },
          of(id, (machine, reply) => {
            if (machine.state !== "started") reply(machine.isAlive ? NOT_RUNNING : UNKNOWN);
            else {
              machine.signal(signal);
              reply(DONE);
            }
            return nothing;
          }),
        );
      },
      stopMachine: (id, _signal, timeout) => {
        counted();
        return network.call<unknown>(
          { method: "POST", name: `stop ${id}` },
          of(id, (machine, reply) => {
            machine.stop(Number.parseInt(timeout, 10) * 1000);
            reply(machine.isAlive ? DONE : UNKNOWN);
            return nothing;
          }),
        );
      },
      destroyMachine: (id) => {
        counted();
        return network.call<unknown>(
          { method: "DELETE", name: `destroy ${id}` },
          of(id, (machine, reply) => {
            reply(machine.isAlive ? DONE : UNKNOWN);
            machine.destroy();
            return nothing;
          }),
        );
      },
    };
  }

  #inApp(app: string): SimMachine[] {
    return this.machines.filter((machine) => this.appOf.get(machine) === app);
  }

  #create(app: string, body: WireCreateRequest): Answer<WireMachine> {
    const { chance } = this.#world;
    const name = body.name ?? "";
    const taken = this.#inApp(app).find((machine) => machine.name === name && machine.isAlive);
    if (taken)
      return {
        status: 409,
        error: `already_exists: unique machine name violation, machine ID ${taken.id} already exists with name "${name}"`,
      };
    const isFull = chance.stormy && body.region !== undefined && this.#full.has(body.region);
    if (isFull || chance.fault("refused create", 0.12)) {
      const { answer, means } = isFull ? NO_ROOM : chance.pick("refusal", REFUSALS);
      if (means !== null) this.refused.set(name, (this.refused.get(name) ?? new Set()).add(means));
      return answer;
    }
    const id = `m${this.machines.length + 1}`;
    const { metadata = {}, guest } = body.config;
    const program = this.#programOf(
      metadata[METADATA_RUN] ?? "",
      Number(metadata[METADATA_ATTEMPT]),
      guest?.memory_mb ?? 0,
    );
    const machine = new SimMachine(id, body, program, this.#world);
    this.machines.push(machine);
    this.appOf.set(machine, app);
    return { status: 200, body: machine.lookedLike(0) as WireMachine };
  }

  #start(machine: SimMachine): Answer<unknown> {
    if (!machine.isAlive) return UNKNOWN;
    if (machine.state === "stopped" && this.#world.chance.fault("no room to start", 0.1)) {
      const { answer, means } = NO_ROOM;
      if (means !== null)
        this.refused.set(machine.name, (this.refused.get(machine.name) ?? new Set()).add(means));
      return answer;
    }
    if (machine.launch()) return DONE;
    const error = `failed_precondition: unable to start machine from current state: '${machine.state}'`;
    return { status: 412, error };
  }

  #list(app: string, metadata: Record<string, string>, includeDeleted: boolean): WireMachine[] {
    const lag = this.#lag("list");
    return this.#inApp(app)
      .map((machine) => machine.lookedLike(lag))
      .filter(
        (machine): machine is WireMachine =>
          machine !== null &&
          (includeDeleted || machine.state !== "destroyed") &&
          Object.entries(metadata).every(([key, value]) => machine.config?.metadata?.[key] === value),
      );
  }

  /** How far behind an answer is. */
  #lag(what: string): number {
    const { chance } = this.#world;
    return chance.fault(`lagging ${what}`, what === "list" ? 0.6 : 0.25)
      ? chance.between("lag", 0, LAG_MAX_MS)
      : 0;
  }

  #reachable<T>(
    app: string,
    id: string,
    serve: (machine: SimMachine, reply: (answer: Answer<T>) => void) => () => void,
  ): Serve<T> {
    return (reply) => {
      const machine = this.#inApp(app).find((known) => known.id === id);
      // A machine that was made just now may be unknown to the host that is asked.
      if (!machine || machine.lookedLike(this.#lag("call")) === null) reply(UNKNOWN);
      else if (machine.unreachableUntil > this.#world.time.now()) reply(UNREACHABLE);
      else return serve(machine, reply);
      return nothing;
    };
  }

  /** Held until the machine is in the state; unknown where it is gone and another state was waited for. */
  #wait(
    machine: SimMachine,
    state: string,
    seconds: number,
    reply: (answer: Answer<unknown>) => void,
  ): () => void {
    const { time, chance } = this.#world;
    if (chance.fault("400 to wait", 0.02)) {
      reply({ status: 400, error: "invalid_argument: machine is not heading there" });
      return nothing;
    }
    const end = (answer: Answer<unknown>) => {
      giveUp();
      reply(answer);
    };
    const look = () => {
      if (machine.state === state) end({ status: 200, body: { ok: true, state } });
      else if (!machine.isAlive) end(UNKNOWN);
    };
    const timer = time.after(seconds * 1000, () =>
      end({
        status: 408,
        error: `deadline_exceeded: machine failed to reach desired state, ${state}, currently ${machine.state}`,
      }),
    );
    const unwatch = machine.watch(look);
    const giveUp = () => {
      timer.cancel();
      unwatch();
    };
    look();
    return giveUp;
  }

  #exec(
    machine: SimMachine,
    argv: string[],
    timeoutS: number,
    reply: (answer: Answer<WireExecReply>) => void,
  ): () => void {
    const { time, chance } = this.#world;
    const { door, runner } = machine;
    if (machine.state !== "started" || (runner === null && door === null)) {
      reply(machine.isAlive ? NOT_RUNNING : UNKNOWN);
      return nothing;
    }
    if (door !== null && argv[4] === "give") {
      const broken = chance.fault("secrets broken off", 0.1);
      // What had come by then has come.
      const upTo = broken ? chance.between("broken off after", 6, argv.length) : argv.length;
      const stdout = door.give(argv.slice(0, upTo));
      reply(broken ? { status: 408, error: "deadline_exceeded" } : { status: 200, body: { stdout } });
      return nothing;
    }
    if (runner === null || chance.fault("exec before the runner is up", 0.04)) {
      reply({ status: 200, body: { stdout: "mayfly 1 problem there is no record\n" } });
      return nothing;
    }
    let giveUp = nothing;
    let open = true;
    const end = (answer: Answer<WireExecReply>) => {
      if (!open) return;
      open = false;
      timer.cancel();
      unwatch();
      giveUp();
      reply(answer);
    };
    const timer = time.after(timeoutS * 1000, () =>
      end({ status: 408, error: "deadline_exceeded: request canceled" }),
    );
    const unwatch = machine.watch(() => {
      if (machine.state !== "started")
        end({ status: 412, error: "failed_precondition: exec request failed: EOF" });
    });
    const stop = runner.read(argv, (text) => {
      const cut = chance.fault("reply cut short", 0.02) ? chance.between("cut by", 1, text.length) : 0;
      end({ status: 200, body: { exit_code: 0, stdout: text.slice(0, text.length - cut) } });
    });
    if (open) giveUp = stop;
    else stop();
    return () => {
      open = false;
      timer.cancel();
      unwatch();
      giveUp();
    };
  }
}
