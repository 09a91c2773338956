/**
 * The host that machines run on: starts, stops and destroys them, and follows what their processes do. Decisions are in
 * `state.ts`; here they meet processes and timers.
 */

import type { ImageAtHand, Images } from "../images/images.ts";
import type { GuestMemory, GuestPlan, Level, ProcessExit } from "../processes/level.ts";
import type { ExecOutcome } from "./cut-off.ts";
import { imageAtHand } from "./image-at-hand.ts";
import { Later } from "./later.ts";
import { CalledOff, Life } from "./life.ts";
import type { Machine } from "./machine.ts";
import { otherLevelRefusal } from "./own-level.ts";
import type { Registry } from "./registry.ts";
import { Restarts } from "./restarts.ts";
import { readStandbys } from "./standbys.ts";
import type { Launcher } from "./state.ts";
import { type StopPlan, stopPlan } from "./stop-plan.ts";

export interface HostOptions {
  /** Between an exit and the restart by policy. */
  readonly restartDelayMs: number;
  /** What a start is made of, decided at each one. */
  readonly planOf: (machine: Machine, image: ImageAtHand | null) => GuestPlan;
  /** How long having an image at hand is made to take longer. */
  readonly pullDelayMs: (machine: Machine) => number;
  /** How long a boot is made to take longer. */
  readonly bootDelayMs: (machine: Machine) => number;
  /** Is told why a Machine could not be started, for its log. */
  readonly startFailed: (machine: Machine, reason: string) => void;
  /** After how long an update of this Machine, which was accepted, is taken back; null: never. */
  readonly revertDelayMs: (machine: Machine) => number | null;
}

export class Host {
  readonly registry: Registry;
  readonly level: Level;
  readonly images: Images;
  readonly later = new Later();
  readonly #options: HostOptions;
  readonly #lives = new Map<string, Life>();
  readonly #restarts: Restarts;
  #closing = false;

  constructor(registry: Registry, level: Level, images: Images, options: HostOptions) {
    this.registry = registry;
    this.level = level;
    this.images = images;
    this.#options = options;
    this.#restarts = new Restarts(options.restartDelayMs);
  }

  /**
   * Has the image of a Machine that is `created` at hand, and then launches it.
   * @param isLaunched whether it is started, or left `stopped`
   */
  async open(machine: Machine, isLaunched: boolean): Promise<void> {
    const { id } = machine;
    try {
      await this.later.pause(this.#options.pullDelayMs(machine));
      await imageAtHand(machine, this.images, this.registry);
    } catch (error) {
      return this.#failLaunch(id, error as Error);
    }
    if (isLaunched) this.launch(id, "flyd");
    else this.registry.apply(id, { kind: "left_unlaunched" });
  }

  /** Says why in the Machine's events and log, and destroys it where its end is that of a new one or of one that destroys itself. */
  async #failLaunch(id: string, error: Error): Promise<void> {
    if (this.#closing) return;
    console.error(`machine ${id} could not be started: ${error.message}`);
    // Where it is left alone, somebody stopped, updated or destroyed it, and goes on.
    const machine = this.#tellFailure(id, error.message);
    if (machine === null || (machine.state === "stopped" && !machine.config.auto_destroy)) return;
    // Nothing of it runs: there is no exit to report.
    this.registry.apply(id, { kind: "destroy_begun", by: "flyd" });
    await this.#finishDestroy(machine, "flyd");
  }

  /** @returns null where its state is one that no failure of a start changes */
  #tellFailure(id: string, reason: string): Machine | null {
    const machine = this.registry.apply(id, { kind: "launch_failed", error: reason });
    if (machine !== null) this.#options.startFailed(machine, reason);
    return machine;
  }

  /** Starts a Machine, or lets a suspended one go on. @returns null where it is in no state for that */
  launch(id: string, by: Launcher): Machine | null {
    const machine = this.#closing ? null : this.registry.apply(id, { kind: "launched", by });
    if (machine === null) return null;
    const refusal = otherLevelRefusal(machine, this.level);
    if (refusal !== null) return this.#tellFailure(id, refusal);
    const previous = this.#lives.get(id);
    if (previous?.isFrozen && !previous.isDiscarded) {
      void this.#resume(id, previous);
      return machine;
    }
    const life = new Life();
    this.#lives.set(id, life);
    life.begun = this.#begin(machine, life, previous?.over);
    return machine;
  }

  async #resume(id: string, life: Life): Promise<void> {
    await life.thaw();
    this.registry.apply(id, { kind: "started" });
  }

  async #begin(machine: Machine, life: Life, before: Promise<void> | undefined): Promise<void> {
    try {
      if (before !== undefined) await before;
      const image = await life.unlessCalledOff(imageAtHand(machine, this.images, this.registry));
      const plan = this.#options.planOf(machine, image);
      await life.unlessCalledOff(this.later.pause(this.#options.bootDelayMs(machine)));
      const guest = await this.level.start(plan);
      const over = guest.exit.then((exit) => {
        plan.log.end(exit);
        return this.#exited(machine, life, exit);
      });
      life.live(guest, over);
      this.registry.apply(machine.id, { kind: "started" });
    } catch (error) {
      this.#lives.delete(machine.id);
      if (!(error instanceof CalledOff)) await this.#failLaunch(machine.id, error as Error);
    }
  }

  async #exited(machine: Machine, life: Life, exit: ProcessExit): Promise<void> {
    const { id } = machine;
    life.ended();
    if (this.#closing) return life.end();
    const after = life.isDiscarded ? null : this.registry.apply(id, { kind: "exited", exit });
    const destroys = after?.state === "stopped" && after.config.auto_destroy === true;
    if (destroys) this.registry.apply(id, { kind: "destroy_begun", by: "flyd" });
    await life.end();
    const isLast = this.#lives.get(id) === life;
    if (isLast) this.#lives.delete(id);
    if (destroys) await this.#finishDestroy(machine, "flyd");
    // Meanwhile it may have been stopped, updated or even started again.
    const current = isLast ? this.registry.get(machine.app, id) : null;
    if (current?.state !== "restarting" || this.#closing) return;
    if (current.restart === "ended") this.launch(id, "flyd");
    else this.#restarts.later(id, () => this.launch(id, "flyd"));
  }

  signal(id: string, name: NodeJS.Signals, number: number): void {
    this.registry.apply(id, { kind: "signalled", signal: number });
    this.#lives.get(id)?.signal(name);
  }

  stop(id: string, plan: StopPlan): void {
    const machine = this.registry.apply(id, { kind: "stop_requested" });
    const life = this.#lives.get(id);
    if (machine?.state === "stopped") {
      this.#restarts.forget(id);
      if (life?.isFrozen) life.discard();
      if (machine.config.auto_destroy) void this.destroy(machine, "flyd");
    }
    if (machine?.state === "stopping") life?.askToEnd(plan);
  }

  /** @returns null where the Machine is in no state for it; a stopped one is started */
  restart(id: string, plan: StopPlan): Machine | null {
    const machine = this.registry.apply(id, { kind: "restart_requested" });
    const life = this.#lives.get(id);
    if (machine === null) return this.launch(id, "user");
    if (life?.isFrozen) void life.end();
    else life?.askToEnd(plan);
    return machine;
  }

  /** Freezes a started Machine. */
  suspend(id: string): Machine | null {
    const machine = this.registry.apply(id, { kind: "suspend_requested" });
    const life = this.#lives.get(id);
    if (machine !== null && life !== undefined) void this.#freeze(id, life);
    return machine;
  }

  async #freeze(id: string, life: Life): Promise<void> {
    await life.freeze();
    // Meanwhile it may have been asked to stop, and has to hear of it.
    if (this.registry.apply(id, { kind: "suspended" }) === null) await life.thaw();
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
    this.#restarts.forget(id);
    const revertMs = this.#options.revertDelayMs(old);
    void this.#replace(old, revertMs === null ? null : this.later.pause(revertMs));
    return machine;
  }

  /** @param reverted settles when the old version is to be back; null where it is gone for good */
  async #replace(old: Machine, reverted: Promise<void> | null): Promise<void> {
    const { id } = old;
    const life = this.#lives.get(id);
    if (life?.isFrozen) life.discard();
    else life?.askToEnd(stopPlan(old.config));
    await life?.begun;
    await life?.over;
    if (this.#closing) return;
    await this.#clean(old);
    // After the answer of the update is on its way.
    await new Promise(setImmediate);
    await reverted;
    if (this.#closing) return;
    const machine = this.registry.apply(
      id,
      reverted === null ? { kind: "replaced" } : { kind: "reverted", to: old },
    );
    if (machine?.state === "created") void this.open(machine, true);
  }

  /** Kills what runs and removes the Machine. Settles when nothing of it runs, whoever began to destroy it. */
  async destroy(machine: Machine, by: "user" | "flyd"): Promise<void> {
    const { id } = machine;
    const life = this.#lives.get(id);
    if (this.registry.apply(id, { kind: "destroy_begun", by }) === null) return life?.over;
    this.#restarts.forget(id);
    life?.callOff();
    await life?.begun;
    void life?.end();
    await life?.over;
    await this.#finishDestroy(machine, by);
  }

  async #finishDestroy(machine: Machine, by: "user" | "flyd"): Promise<void> {
    await this.#clean(machine);
    if (!this.#closing) this.registry.apply(machine.id, { kind: "destroyed", by });
  }

  /** What a Machine of another level left is no business of this one. */
  async #clean(machine: Machine): Promise<void> {
    if (otherLevelRefusal(machine, this.level) === null) await this.level.clean(machine);
  }

  /** Runs a command in a started Machine until it ends, its time is up, its client leaves or the Machine dies. */
  async exec(
    id: string,
    argv: readonly string[],
    timeoutMs: number,
    left: AbortSignal,
  ): Promise<ExecOutcome> {
    return this.#lives.get(id)?.exec(argv, timeoutMs, left) ?? { kind: "not_running" };
  }

  /** The memory of the Machine's processes; null where none runs, or nothing holds them to any. */
  memory(id: string): GuestMemory | null {
    return this.#lives.get(id)?.guest?.memory ?? null;
  }

  /** The Machine's processes by the computer's numbers, or null where none runs. */
  processes(id: string): readonly number[] | null {
    return this.#lives.get(id)?.guest?.processes() ?? null;
  }

  /** The Machine is gone with its host: nothing tells how it ended. Its standbys are started in its place. */
  async lose(id: string): Promise<void> {
    const machine = this.registry.apply(
      id,
      { kind: "destroy_begun", by: "flyd" },
      { kind: "destroyed", by: "flyd" },
    );
    if (machine === null) return;
    this.#restarts.forget(id);
    const life = this.#lives.get(id);
    life?.callOff();
    await life?.begun;
    await life?.end();
    await this.#clean(machine);
    for (const { id: other, config } of this.registry.undestroyed(machine.app))
      if (readStandbys(config).includes(id)) this.launch(other, "standby");
  }

  /** Kills all machines, and marks them the way a host that goes down leaves them: how they ended is unknown. */
  async close(): Promise<void> {
    this.#closing = true;
    this.later.close();
    this.#restarts.close();
    const lives = [...this.#lives.values()];
    for (const life of lives) life.forgetKill();
    await Promise.all(lives.map((life) => life.begun.then(() => life.end()).then(() => life.over)));
    await this.loseAll();
    await this.images.close();
    await this.level.close();
  }

  /** Marks what ran without this host as lost: after a start, whatever the last server left; at the end, everything. */
  async loseAll(): Promise<void> {
    for (const machine of this.registry.undestroyed(null))
      if (this.registry.apply(machine.id, { kind: "lost" }) !== null) await this.#clean(machine);
  }
}
