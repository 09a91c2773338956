/** A simulated machine: its states and events as Fly has them, and the command in it. */

import type {
  WireConfig,
  WireCreateRequest,
  WireEvent,
  WireExitEvent,
  WireMachine,
} from "../../../src/fly/wire.ts";
import type { Chance } from "../chance.ts";
import type { Scheduler, Timer } from "../scheduler.ts";
import type { Trace } from "../trace.ts";
import { Command, type End } from "./command.ts";
import { DUPLICATE_MAX_MS } from "./model.ts";
import type { Program } from "./program.ts";
import { Runner } from "./runner.ts";
import { type Environment, SecretDoor } from "./secret-door.ts";

export interface MachineWorld {
  chance: Chance;
  time: Scheduler;
  trace: Trace;
}

export class SimMachine {
  readonly id: string;
  readonly name: string;
  /** As it was asked for; null where the choice was left to the platform. */
  readonly region: string | null;
  readonly config: WireConfig;
  readonly createdAt: number;
  state = "created";
  startedAt: number | null = null;
  /** When it had its image and began to boot; null before. */
  imageReadyAt: number | null = null;
  /** Since when it is neither running nor listed as alive. */
  goneAt: number | null = null;
  /** Null until it is started. */
  command: Command | null = null;
  /** In front of its runner; null where its command is given no secrets. */
  door: SecretDoor | null = null;
  /** When its command was started; null before. */
  commandStartedAt: number | null = null;
  /** Null where its image runs by itself, and until its secrets are there. */
  runner: Runner | null = null;
  /** What of its truth the platform has lost: nobody can know how it ended. */
  lost = false;
  /** It was made to be started by a call of its own, … */
  readonly isHeld: boolean;
  /** … of which so many did. */
  launches = 0;
  /** It went away before it was ever started. */
  launchFailed = false;
  /** It is lost and in no list. */
  vanished = false;
  /** When somebody tried to hear of it, and which of these tries came to an answer. */
  readonly asks: { at: number; answered: boolean }[] = [];
  /** Its host answers nothing until then. */
  unreachableUntil = 0;
  readonly #world: MachineWorld;
  readonly #program: Program;
  readonly #watchers = new Set<() => void>();
  readonly #timers: Timer[] = [];
  readonly #events: WireEvent[] = [];
  /** How it looked, and since when: looks and lists may be behind. Null where it is unknown. */
  #doorEnd: End | null = null;
  readonly #looks: { since: number; machine: WireMachine | null }[] = [];
  #requestedStop = false;

  constructor(id: string, asked: WireCreateRequest, program: Program, world: MachineWorld) {
    this.id = id;
    this.name = asked.name ?? id;
    this.region = asked.region ?? null;
    this.config = asked.config;
    this.createdAt = world.time.now();
    this.#world = world;
    this.#program = program;
    this.#event("launch", "created", "user");
    this.#become("created");
    this.isHeld = asked.skip_launch === true;
    if (this.isHeld) this.#prepare();
    else this.#boot();
    const { chance } = world;
    if (chance.fault("lost machine", 0.1))
      this.#after(chance.between("lost after", DUPLICATE_MAX_MS + 1, 60_000), () => this.#lose());
    if (chance.fault("machine killed by its host", 0.06))
      this.#after(chance.between("killed after", DUPLICATE_MAX_MS + 1, 60_000), () => this.#killed());
    if (chance.fault("unreachable host", 0.06))
      this.#after(chance.between("unreachable after", 0, 20_000), () => {
        this.unreachableUntil = world.time.now() + chance.between("unreachable for", 1000, 20_000);
      });
  }

  get isAlive(): boolean {
    return this.goneAt === null;
  }

  /** How what it runs has ended, which need not be its command; null before. */
  get end(): End | null {
    return this.command?.end ?? this.#doorEnd;
  }

  /** As it looked so long ago; null where nobody knew it then. */
  lookedLike(agoMs: number): WireMachine | null {
    const then = this.#world.time.now() - agoMs;
    return this.#looks.findLast(({ since }) => since <= then)?.machine ?? null;
  }

  /** Calls whenever its state changes; the answer ends that. */
  watch(look: () => void): () => void {
    this.#watchers.add(look);
    return () => this.#watchers.delete(look);
  }

  /** Starts one that is stopped, whatever it has done before. @returns whether it runs, or will */
  launch(): boolean {
    if (this.state === "starting" || this.state === "started") return true;
    if (this.state !== "stopped") return false;
    this.launches += 1;
    // What a second one would do is not played: it must not be.
    if (this.launches > 1) return true;
    this.#event("start", "starting", "user");
    this.imageReadyAt = this.#world.time.now();
    this.#become("starting");
    this.#after(this.#world.chance.between("boot", DUPLICATE_MAX_MS + 1, 3000), () => this.#start());
    return true;
  }

  signal(name: string): void {
    if (this.runner) this.runner.signal(name);
    else if (this.door) this.door.signal(name === "SIGTERM" ? 15 : 10);
    else if (name === "SIGTERM") this.command?.terminate();
  }

  stop(timeoutMs: number): void {
    if (this.state !== "started" || this.end) return;
    this.#requestedStop = true;
    this.#become("stopping");
    this.signal("SIGTERM");
    this.#after(timeoutMs, () => this.command?.kill());
  }

  destroy(source = "user"): void {
    if (this.state === "destroying" || this.goneAt !== null) return;
    this.#quit();
    this.#event("destroy", "destroying", source);
    this.#become("destroying");
    this.#world.time.after(this.#world.chance.between("destroying takes", 20, 1500), () => {
      if (this.goneAt !== null) return;
      this.#event("destroy", "destroyed", source);
      this.goneAt = this.#world.time.now();
      this.#become("destroyed");
    });
  }

  /** Its image is prepared; then it waits. */
  #prepare(): void {
    const { chance } = this.#world;
    const slow = chance.fault("slow preparation", 0.1);
    const takesMs = slow
      ? chance.between("slow preparation takes", 10_000, 100_000)
      : chance.between("preparation", 1, 9000);
    this.launchFailed = chance.fault("failed preparation", 0.04);
    this.#after(takesMs, () => {
      if (this.launchFailed) this.#failLaunch();
      else this.#become("stopped");
    });
  }

  #boot(): void {
    const { chance } = this.#world;
    const slow = chance.fault("slow boot", 0.06);
    // Never sooner than the second delivery of a create can come: what has not run can not be over.
    const bootMs = slow
      ? chance.between("slow boot takes", 10_000, 150_000)
      : chance.between("boot", DUPLICATE_MAX_MS + 1, 3000);
    if (chance.fault("failed launch", 0.04)) {
      this.launchFailed = true;
      this.#after(bootMs, () => this.#failLaunch());
      return;
    }
    // What lies before is the preparation of its image.
    this.#after(Math.floor(bootMs * chance.number("share of the image")), () => {
      this.imageReadyAt = this.#world.time.now();
      this.#event("start", "starting", "flyd");
      this.#become("starting");
    });
    this.#after(bootMs, () => this.#start());
  }

  #failLaunch(): void {
    this.#event("launch", "failed", "flyd");
    this.#become("launch_failed");
    this.destroy("flyd");
  }

  #start(): void {
    const { time, chance } = this.#world;
    this.startedAt = time.now();
    const exec = this.config.init?.exec ?? [];
    if (exec[2] === "wait") {
      const readyMs = chance.fault("late wait for secrets", 0.1)
        ? chance.between("waits after", 1, 20_000)
        : 0;
      this.door = new SecretDoor(exec, this.config, readyMs, time);
      this.door.onOpen = (environment) => this.#run(exec.slice(5), environment);
      this.door.onEnd = (code) => {
        this.#endWithoutCommand(code);
        this.#ended(code);
      };
    } else this.#run(exec, {});
    this.#event("start", "started", "flyd");
    this.#become("started");
  }

  #run(exec: string[], environment: Environment): void {
    const { time } = this.#world;
    this.commandStartedAt = time.now();
    this.command = new Command(this.#program, environment, time);
    if (exec[2] === "run") {
      this.runner = new Runner(exec, this.command, time);
      this.runner.onExit = (code) => this.#ended(code);
    } else
      this.command.onNews = () => {
        if (this.command?.end) this.#ended(this.command.end.code);
      };
  }

  /** It has waited for its secrets in vain. */
  #endWithoutCommand(code: number): void {
    this.#doorEnd = { at: this.#world.time.now(), code, oomKilled: false, byItself: false };
  }

  /** Its main process is over: stopped, and destroyed by itself. */
  #ended(code: number): void {
    const { chance } = this.#world;
    if (chance.fault("stuck machine", 0.04)) {
      // Only a forced destroy gets it out of there.
      this.lost = true;
      this.#become("stopping");
      return;
    }
    if (chance.fault("missing exit event", 0.04)) this.lost = true;
    this.#after(chance.between("stopping takes", 0, 400), () => {
      if (!this.lost) this.#event("exit", "stopped", "flyd", this.#exitEvent(code));
      this.#become("stopped");
      this.#after(chance.between("stopped for", 0, 300), () => this.destroy("flyd"));
    });
  }

  /** A zero exit code is left out on the wire, and -1 stands for no signal. */
  #exitEvent(code: number): WireExitEvent {
    const exited = this.end?.at ?? this.#world.time.now();
    return {
      ...(code !== 0 && { exit_code: code }),
      signal: -1,
      guest_signal: -1,
      oom_killed: this.end?.oomKilled ?? false,
      requested_stop: this.#requestedStop,
      exited_at: new Date(exited).toISOString(),
    };
  }

  /** Its host ends it while its command runs, and says so. */
  #killed(): void {
    if (this.state !== "started" || this.end) return;
    this.door?.vanish();
    this.runner?.vanish();
    this.#become("stopping");
    if (this.command) {
      this.command.onNews = () => {};
      this.command.kill();
    } else this.#endWithoutCommand(137);
    this.#ended(137);
  }

  #lose(): void {
    if (this.goneAt !== null) return;
    const { chance, time } = this.#world;
    this.lost = true;
    this.#quit();
    this.goneAt = time.now();
    if (chance.number("how it is lost") < 0.5) {
      this.vanished = true;
      this.state = "unknown";
      this.#looked(null);
    } else {
      this.#event("destroy", "destroyed", "flyd");
      this.#become("destroyed");
    }
  }

  #quit(): void {
    for (const timer of this.#timers) timer.cancel();
    this.door?.vanish();
    this.command?.vanish();
    this.runner?.vanish();
  }

  #after(ms: number, what: () => void): void {
    this.#timers.push(this.#world.time.after(ms, what));
  }

  #become(state: string): void {
    this.state = state;
    this.#looked({
      id: this.id,
      name: this.name,
      state,
      region: this.region ?? "ams",
      created_at: new Date(this.createdAt).toISOString(),
      config: this.config,
      events: [...this.#events],
    });
  }

  #looked(machine: WireMachine | null): void {
    this.#looks.push({ since: this.#world.time.now(), machine });
    this.#world.trace.say(`machine ${this.id} is ${machine?.state ?? "lost"}`);
    for (const look of [...this.#watchers]) look();
  }

  #event(type: string, status: string, source: string, exit?: WireExitEvent): void {
    const timestamp = this.#world.time.now();
    this.#events.unshift({ type, status, source, timestamp, ...(exit && { request: { exit_event: exit } }) });
  }
}
