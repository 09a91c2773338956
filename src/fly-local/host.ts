/**
 * The host that machines run on: starts, stops and destroys them, and follows what their processes do. Decisions are in
 * `state.ts`; here they meet processes and timers.
 */

import { type ExecOutcome, untilCutOff } from "./cut-off.ts";
import { ImageError } from "./images/error.ts";
import type { Images } from "./images/images.ts";
import { launchPlan } from "./launch-plan.ts";
import type { Machine } from "./machine.ts";
import type { Guest, Level, ProcessExit } from "./processes/level.ts";
import type { Registry } from "./registry.ts";

/** What runs of a Machine. */
interface Life {
  /** Its processes; null while they are being made, and where that failed. */
  guest: Guest | null;
  /** Settles when the start is through, whether or not it worked. */
  begun: Promise<void>;
  /** Settles when no process is left. */
  over: Promise<void>;
  /** Told when the main process has ended. */
  readonly execs: Set<() => void>;
  killTimer: NodeJS.Timeout | null;
}

export class Host {
  readonly registry: Registry;
  readonly level: Level;
  readonly images: Images;
  readonly #restartDelayMs: number;
  readonly #lives = new Map<string, Life>();
  readonly #restarts = new Map<string, NodeJS.Timeout>();
  #closing = false;

  constructor(registry: Registry, level: Level, images: Images, restartDelayMs: number) {
    this.registry = registry;
    this.level = level;
    this.images = images;
    this.#restartDelayMs = restartDelayMs;
  }

  /** Has the image of a Machine that was just created at hand, and then launches it, unless it is to be left `stopped`. */
  async open(id: string, image: string, isLaunched: boolean): Promise<void> {
    try {
      // Nothing to wait for, and a start is not held up by a turn of the event loop.
      if (this.images.kind === "real") await this.images.prepare(image);
      const facts = this.images.known(image);
      if (facts !== null) this.registry.apply(id, { kind: "image_had", image: facts });
    } catch (error) {
      await this.#failLaunch(id, error as Error);
      return;
    }
    if (isLaunched) this.launch(id, "flyd");
    else this.registry.apply(id, { kind: "left_unlaunched" });
  }

  async #failLaunch(id: string, error: Error): Promise<void> {
    if (this.#closing) return;
    console.error(`machine ${id} could not be started: ${error.message}`);
    const machine = this.registry.apply(id, { kind: "launch_failed", error: error.message });
    // Somebody has destroyed it meanwhile.
    if (machine === null) return;
    this.registry.apply(id, { kind: "destroy_begun", by: "flyd" });
    await this.#finishDestroy(machine, "flyd");
  }

  /** Starts a Machine: `user` one that is stopped, `flyd` one that is created or due for its restart. */
  launch(id: string, by: "user" | "flyd"): Machine | null {
    const machine = this.#closing ? null : this.registry.apply(id, { kind: "launched", by });
    if (machine === null) return null;
    const before = this.#lives.get(id)?.over;
    const life: Life = {
      guest: null,
      begun: Promise.resolve(),
      over: Promise.resolve(),
      execs: new Set(),
      killTimer: null,
    };
    this.#lives.set(id, life);
    life.begun = this.#begin(machine, life, before);
    return machine;
  }

  async #begin(machine: Machine, life: Life, before: Promise<void> | undefined): Promise<void> {
    try {
      if (before !== undefined) await before;
      const image = this.images.kind === "real" ? await this.images.prepare(machine.config.image) : null;
      const guest = await this.level.start(launchPlan(machine, image));
      life.guest = guest;
      life.over = guest.exit.then((exit) => this.#exited(machine, life, exit));
      this.registry.apply(machine.id, { kind: "started" });
    } catch (error) {
      this.#lives.delete(machine.id);
      if (error instanceof ImageError) return this.#failLaunch(machine.id, error);
      console.error(`machine ${machine.id} could not be started: ${(error as Error).message}`);
      // Nothing ran, so there is no exit to report.
      this.registry.apply(machine.id, { kind: "destroy_begun", by: "flyd" });
      await this.#finishDestroy(machine, "flyd");
    }
  }

  async #exited(machine: Machine, life: Life, exit: ProcessExit): Promise<void> {
    const { id } = machine;
    if (life.killTimer !== null) clearTimeout(life.killTimer);
    if (this.#closing) return endOf(life);
    const after = this.registry.apply(id, { kind: "exited", exit });
    const destroys = after?.state === "stopped" && after.config.auto_destroy === true;
    if (destroys) this.registry.apply(id, { kind: "destroy_begun", by: "flyd" });
    await endOf(life);
    if (this.#lives.get(id) === life) this.#lives.delete(id);
    if (destroys) await this.#finishDestroy(machine, "flyd");
    if (after?.state === "restarting") this.#restartLater(id);
  }

  #restartLater(id: string): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(id);
      this.launch(id, "flyd");
    }, this.#restartDelayMs);
    this.#restarts.set(id, timer);
  }

  #forgetRestart(id: string): void {
    clearTimeout(this.#restarts.get(id));
    this.#restarts.delete(id);
  }

  signal(id: string, name: NodeJS.Signals, number: number): void {
    this.registry.apply(id, { kind: "signalled", signal: number });
    this.#signalWhenBegun(id, name);
  }

  /** Asks the main process to end, and kills it where it does not within the time. */
  stop(id: string, name: NodeJS.Signals, timeoutMs: number): void {
    const machine = this.registry.apply(id, { kind: "stop_requested" });
    const life = this.#lives.get(id);
    if (machine?.state === "stopped") this.#forgetRestart(id);
    if (machine?.state === "stopped" && machine.config.auto_destroy) void this.destroy(machine, "flyd");
    if (machine?.state !== "stopping" || life === undefined) return;
    this.#signalWhenBegun(id, name);
    if (life.killTimer !== null) clearTimeout(life.killTimer);
    life.killTimer = setTimeout(() => this.#signalWhenBegun(id, "SIGKILL"), timeoutMs);
  }

  #signalWhenBegun(id: string, name: NodeJS.Signals): void {
    const life = this.#lives.get(id);
    if (life?.guest) life.guest.signal(name);
    else void life?.begun.then(() => life.guest?.signal(name));
  }

  /** Kills what runs and removes the Machine. */
  async destroy(machine: Machine, by: "user" | "flyd"): Promise<void> {
    const { id } = machine;
    if (this.registry.apply(id, { kind: "destroy_begun", by }) === null) return;
    this.#forgetRestart(id);
    const life = this.#lives.get(id);
    await life?.begun;
    if (life !== undefined) void endOf(life);
    await life?.over;
    await this.#finishDestroy(machine, by);
  }

  async #finishDestroy(machine: Machine, by: "user" | "flyd"): Promise<void> {
    await this.level.clean(machine);
    if (!this.#closing) this.registry.apply(machine.id, { kind: "destroyed", by });
  }

  /** Runs a command in a started Machine until it ends, its time is up, its client leaves or the Machine dies. */
  async exec(
    id: string,
    argv: readonly string[],
    timeoutMs: number,
    left: AbortSignal,
  ): Promise<ExecOutcome> {
    const life = this.#lives.get(id);
    if (!life?.guest) return { kind: "not_running" };
    const { guest, execs } = life;
    return untilCutOff(guest.exec(argv), timeoutMs, left, (died) => {
      execs.add(died);
      return () => execs.delete(died);
    });
  }

  /** Kills all machines, and marks them the way a host that goes down leaves them: how they ended is unknown. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const timer of this.#restarts.values()) clearTimeout(timer);
    const lives = [...this.#lives.values()];
    for (const life of lives) if (life.killTimer !== null) clearTimeout(life.killTimer);
    await Promise.all(lives.map((life) => life.begun.then(() => endOf(life)).then(() => life.over)));
    await this.loseAll();
    await this.images.close();
    await this.level.close();
  }

  /** Marks what ran without this host as lost: after a start, whatever the last server left; at the end, everything. */
  async loseAll(): Promise<void> {
    for (const machine of this.registry.undestroyed(null))
      if (this.registry.apply(machine.id, { kind: "lost" }) !== null) await this.level.clean(machine);
  }
}

/** Kills what is left of a Machine. Commands that this cuts off are told why first. */
async function endOf(life: Life): Promise<void> {
  for (const died of life.execs) died();
  await life.guest?.end();
}
