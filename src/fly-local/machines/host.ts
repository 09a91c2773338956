/**
 * The host that machines run on: starts, stops and destroys them, and follows what their processes do. Decisions are in
 * `state.ts`; here they meet processes and timers.
 */

import { ImageError } from "../images/error.ts";
import type { ImageAtHand, Images } from "../images/images.ts";
import type { Guest, GuestPlan, Level, ProcessExit } from "../processes/level.ts";
import { type ExecOutcome, type Interruptions, untilCutOff } from "./cut-off.ts";
import type { Machine } from "./machine.ts";
import type { Registry } from "./registry.ts";
import type { Launcher } from "./state.ts";
import { type StopPlan, stopPlan } from "./stop-plan.ts";

/** What runs of a Machine. */
interface Life {
  /** Its processes; null while they are being made, and where that failed. */
  guest: Guest | null;
  /** Settles when the start is through, whether or not it worked. */
  begun: Promise<void>;
  /** Settles when no process is left. */
  over: Promise<void>;
  readonly execs: Set<Interruptions>;
  killTimer: NodeJS.Timeout | null;
  isFrozen: boolean;
  /** Its Machine is done with it: how its process ends says nothing any more. */
  isDiscarded: boolean;
}

export interface HostOptions {
  /** Between an exit and the restart by policy. */
  readonly restartDelayMs: number;
  /** What a start is made of, decided at each one. */
  readonly planOf: (machine: Machine, image: ImageAtHand | null) => GuestPlan;
  /** How long having an image at hand is made to take longer. */
  readonly pullDelayMs: (machine: Machine) => number;
  /** How long a boot is made to take longer. */
  readonly bootDelayMs: (machine: Machine) => number;
}

export class Host {
  readonly registry: Registry;
  readonly level: Level;
  readonly images: Images;
  readonly #options: HostOptions;
  readonly #later = new Map<NodeJS.Timeout, () => void>();
  readonly #lives = new Map<string, Life>();
  readonly #restarts = new Map<string, NodeJS.Timeout>();
  #closing = false;

  constructor(registry: Registry, level: Level, images: Images, options: HostOptions) {
    this.registry = registry;
    this.level = level;
    this.images = images;
    this.#options = options;
  }

  /**
   * Has the image of a Machine that is `created` at hand, and then launches it.
   * @param isLaunched whether it is started, or left `stopped`
   */
  async open(machine: Machine, isLaunched: boolean): Promise<void> {
    const { id } = machine;
    try {
      // Nothing to wait for, and a start is not held up by a turn of the event loop.
      const pullMs = this.#options.pullDelayMs(machine);
      if (pullMs > 0) await new Promise<void>((resolve) => this.later(pullMs, resolve));
      if (this.images.kind === "real") await this.#imageOf(machine);
    } catch (error) {
      const failed = this.#failLaunch(id, error as Error);
      if (failed !== null) await this.#giveUp(failed);
      return;
    }
    if (isLaunched) this.launch(id, "flyd");
    else this.registry.apply(id, { kind: "left_unlaunched" });
  }

  /** Has a Machine's image at hand; what is known of it only now is kept. @throws ImageError */
  async #imageOf(machine: Machine): Promise<ImageAtHand | null> {
    const { id, config } = machine;
    const stored = await this.images.prepare(config.image);
    const image = this.images.known(config.image);
    const current = this.registry.get(machine.app, id);
    // Another version may have another image.
    if (image !== null && current?.config.image === config.image && current.image?.digest !== image.digest)
      this.registry.apply(id, { kind: "image_had", image });
    return stored;
  }

  /** @returns null where the Machine is left to others: somebody stopped or destroyed it, or the server ends */
  #failLaunch(id: string, error: Error): Machine | null {
    if (this.#closing) return null;
    console.error(`machine ${id} could not be started: ${error.message}`);
    return this.registry.apply(id, { kind: "launch_failed", error: error.message });
  }

  /** Destroys a Machine of which nothing runs: there is no exit to report. */
  async #giveUp(machine: Machine): Promise<void> {
    this.registry.apply(machine.id, { kind: "destroy_begun", by: "flyd" });
    await this.#finishDestroy(machine, "flyd");
  }

  /** Starts a Machine, or lets a suspended one go on. @returns null where it is in no state for that */
  launch(id: string, by: Launcher): Machine | null {
    const machine = this.#closing ? null : this.registry.apply(id, { kind: "launched", by });
    if (machine === null) return null;
    const previous = this.#lives.get(id);
    if (previous?.isFrozen && !previous.isDiscarded) {
      void this.#resume(id, previous);
      return machine;
    }
    const life: Life = {
      guest: null,
      begun: Promise.resolve(),
      over: Promise.resolve(),
      execs: new Set(),
      killTimer: null,
      isFrozen: false,
      isDiscarded: false,
    };
    this.#lives.set(id, life);
    life.begun = this.#begin(machine, life, previous?.over);
    return machine;
  }

  async #resume(id: string, life: Life): Promise<void> {
    life.isFrozen = false;
    await life.guest?.thaw();
    this.registry.apply(id, { kind: "started" });
  }

  async #begin(machine: Machine, life: Life, before: Promise<void> | undefined): Promise<void> {
    try {
      if (before !== undefined) await before;
      const image = this.images.kind === "real" ? await this.#imageOf(machine) : null;
      const plan = this.#options.planOf(machine, image);
      const bootMs = this.#options.bootDelayMs(machine);
      if (bootMs > 0) await new Promise<void>((resolve) => this.later(bootMs, resolve));
      const guest = await this.level.start(plan);
      life.guest = guest;
      life.over = guest.exit.then((exit) => {
        plan.log.end(exit);
        return this.#exited(machine, life, exit);
      });
      this.registry.apply(machine.id, { kind: "started" });
    } catch (error) {
      this.#lives.delete(machine.id);
      if (error instanceof ImageError && this.#closing) return;
      if (error instanceof ImageError) this.#failLaunch(machine.id, error);
      else console.error(`machine ${machine.id} could not be started: ${(error as Error).message}`);
      await this.#giveUp(machine);
    }
  }

  async #exited(machine: Machine, life: Life, exit: ProcessExit): Promise<void> {
    const { id } = machine;
    if (life.killTimer !== null) clearTimeout(life.killTimer);
    if (this.#closing) return endOf(life);
    const after = life.isDiscarded ? null : this.registry.apply(id, { kind: "exited", exit });
    const destroys = after?.state === "stopped" && after.config.auto_destroy === true;
    if (destroys) this.registry.apply(id, { kind: "destroy_begun", by: "flyd" });
    await endOf(life);
    const isLast = this.#lives.get(id) === life;
    if (isLast) this.#lives.delete(id);
    if (destroys) await this.#finishDestroy(machine, "flyd");
    // Meanwhile it may have been stopped, updated or even started again.
    const current = isLast ? this.registry.get(machine.app, id) : null;
    if (current?.state !== "restarting" || this.#closing) return;
    if (current.restart === "ended") this.launch(id, "flyd");
    else this.#restartLater(id);
  }

  #restartLater(id: string): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(id);
      this.launch(id, "flyd");
    }, this.#options.restartDelayMs);
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

  stop(id: string, plan: StopPlan): void {
    const machine = this.registry.apply(id, { kind: "stop_requested" });
    const life = this.#lives.get(id);
    if (machine?.state === "stopped") {
      this.#forgetRestart(id);
      if (life?.isFrozen) discard(life);
      if (machine.config.auto_destroy) void this.destroy(machine, "flyd");
    }
    if (machine?.state === "stopping" && life !== undefined) this.#askToEnd(id, life, plan);
  }

  /** @returns null where the Machine is in no state for it; a stopped one is started */
  restart(id: string, plan: StopPlan): Machine | null {
    const machine = this.registry.apply(id, { kind: "restart_requested" });
    const life = this.#lives.get(id);
    if (machine === null) return this.launch(id, "user");
    if (life?.isFrozen) void endOf(life);
    else if (life !== undefined) this.#askToEnd(id, life, plan);
    return machine;
  }

  /** Freezes a started Machine. Execs under way are cut off from their clients, and go on with the Machine. */
  suspend(id: string): Machine | null {
    const machine = this.registry.apply(id, { kind: "suspend_requested" });
    const life = this.#lives.get(id);
    if (machine !== null && life !== undefined) void this.#freeze(id, life);
    return machine;
  }

  async #freeze(id: string, life: Life): Promise<void> {
    for (const { frozen } of life.execs) frozen();
    await life.guest?.freeze();
    life.isFrozen = true;
    if (this.registry.apply(id, { kind: "suspended" }) !== null) return;
    // Meanwhile it was asked to stop, and has to hear of it.
    life.isFrozen = false;
    await life.guest?.thaw();
  }

  /**
   * Puts a new version in the Machine's place. What runs is asked to end first, as its own stop_config says.
   * @param launches whether one that runs is to run on with the new version
   * @returns null where the Machine is in no state for it
   */
  update(old: Machine, version: string, config: Machine["config"], launches: boolean): Machine | null {
    const { id } = old;
    const image = this.images.known(config.image);
    const machine = this.registry.apply(id, { kind: "update_begun", version, config, image, launches });
    if (machine === null) return null;
    this.#forgetRestart(id);
    void this.#replace(old);
    return machine;
  }

  async #replace(old: Machine): Promise<void> {
    const { id } = old;
    const life = this.#lives.get(id);
    if (life?.isFrozen) discard(life);
    else if (life !== undefined) this.#askToEnd(id, life, stopPlan(old.config));
    await life?.begun;
    await life?.over;
    if (this.#closing) return;
    await this.level.clean(old);
    // After the answer of the update is on its way.
    await new Promise(setImmediate);
    if (this.#closing) return;
    const machine = this.registry.apply(id, { kind: "replaced" });
    if (machine?.state === "created") void this.open(machine, true);
  }

  /** Asks the main process to end, and kills it where it does not within the time. */
  #askToEnd(id: string, life: Life, { signal, timeoutMs }: StopPlan): void {
    this.#signalWhenBegun(id, signal);
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
    return untilCutOff(guest.exec(argv), timeoutMs, left, (told) => {
      execs.add(told);
      return () => execs.delete(told);
    });
  }

  /** The Machine's processes by the computer's numbers, or null where none runs. */
  processes(id: string): readonly number[] | null {
    return this.#lives.get(id)?.guest?.processes() ?? null;
  }

  /** The Machine is gone with its host: nothing tells how it ended. */
  async lose(id: string): Promise<void> {
    const machine = this.registry.apply(
      id,
      { kind: "destroy_begun", by: "flyd" },
      { kind: "destroyed", by: "flyd" },
    );
    if (machine === null) return;
    this.#forgetRestart(id);
    const life = this.#lives.get(id);
    await life?.begun;
    if (life !== undefined) await endOf(life);
    await this.level.clean(machine);
  }

  /** Does this after a time, or at once where the server ends before. */
  later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#later.delete(timer);
      act();
    }, ms);
    this.#later.set(timer, act);
  }

  /** Kills all machines, and marks them the way a host that goes down leaves them: how they ended is unknown. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const [timer, act] of this.#later) {
      clearTimeout(timer);
      act();
    }
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

function discard(life: Life): void {
  life.isDiscarded = true;
  void endOf(life);
}

/** Kills what is left of a Machine. Commands that this cuts off are told why first. */
async function endOf(life: Life): Promise<void> {
  for (const { died } of life.execs) died();
  await life.guest?.end();
}
