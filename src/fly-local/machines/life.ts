/** What runs of a Machine from one start of it until none of its processes is left. */

import type { Guest } from "../processes/level.ts";
import { type ExecOutcome, type Interruptions, untilCutOff } from "./cut-off.ts";
import type { StopPlan } from "./stop-plan.ts";

/** Its Machine goes before it has begun. */
export class CalledOff extends Error {}

export class Life {
  /** Settles when the start is through, whether or not it worked. */
  begun: Promise<void> = Promise.resolve();
  /** Settles when no process is left. */
  over: Promise<void> = Promise.resolve();
  isFrozen = false;
  #guest: Guest | null = null;
  #hasEnded = false;
  #isDiscarded = false;
  #killTimer: NodeJS.Timeout | undefined;
  readonly #execs = new Set<Interruptions>();
  readonly #calledOff = new AbortController();

  /** Its processes; null while they are being made, where that failed, and once the main ones have ended. */
  get guest(): Guest | null {
    return this.#hasEnded ? null : this.#guest;
  }

  /** Its Machine is done with it: how its process ends says nothing any more. */
  get isDiscarded(): boolean {
    return this.#isDiscarded;
  }

  /** Nobody wants it any more: its start, as long as it waits for something, is over at once. */
  callOff(): void {
    this.#calledOff.abort();
  }

  /** What its start waits for. Rejects with {@link CalledOff} where that is not wanted any more. */
  async unlessCalledOff<T>(awaited: Promise<T>): Promise<T> {
    const { signal } = this.#calledOff;
    const calledOff = new Promise<never>((_, reject) => {
      const giveUp = () => reject(new CalledOff());
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
    });
    return Promise.race([awaited, calledOff]);
  }

  /**
   * Its processes are made.
   * @param over settles when none is left
   */
  live(guest: Guest, over: Promise<void>): void {
    this.#guest = guest;
    this.over = over;
  }

  /** Of the main processes alone, as soon as there are any. */
  signal(name: NodeJS.Signals): void {
    this.#whenBegun((guest) => guest.signal(name));
  }

  /** Asks the main processes to end, and kills them where they do not within the time. */
  askToEnd({ signal, timeoutMs }: StopPlan): void {
    this.#whenBegun((guest) => guest.stop(signal));
    this.forgetKill();
    this.#killTimer = setTimeout(() => this.#whenBegun((guest) => guest.stop("SIGKILL")), timeoutMs);
  }

  #whenBegun(tell: (guest: Guest) => void): void {
    if (this.#guest !== null) tell(this.#guest);
    else void this.begun.then(() => this.#guest && tell(this.#guest));
  }

  /** The main processes have ended: what is left is there to be killed. */
  ended(): void {
    this.#hasEnded = true;
    this.forgetKill();
  }

  /** The main processes are ended in another way. */
  forgetKill(): void {
    clearTimeout(this.#killTimer);
  }

  /** Stops all where it is. Execs under way are cut off from their clients, and go on with the Machine. */
  async freeze(): Promise<void> {
    for (const { frozen } of this.#execs) frozen();
    await this.#guest?.freeze();
    this.isFrozen = true;
  }

  async thaw(): Promise<void> {
    this.isFrozen = false;
    await this.#guest?.thaw();
  }

  /** Runs a command until it ends, its time is up, its client leaves or the Machine dies. */
  async exec(argv: readonly string[], timeoutMs: number, left: AbortSignal): Promise<ExecOutcome> {
    if (this.#guest === null) return { kind: "not_running" };
    return untilCutOff(this.#guest.exec(argv), timeoutMs, left, (told) => {
      this.#execs.add(told);
      return () => this.#execs.delete(told);
    });
  }

  /** Kills what is left. Commands that this cuts off are told why first. */
  async end(): Promise<void> {
    for (const { died } of this.#execs) died();
    await this.#guest?.end();
  }

  discard(): void {
    this.#isDiscarded = true;
    void this.end();
  }
}
