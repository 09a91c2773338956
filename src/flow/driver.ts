/**
 * The driver of one run: it calls `advance`, one caller at a time, and says when its watchers should look again. It holds no
 * facts. Losing it loses nothing: what it left is found by the sweep, and by an alarm where the run has lasted long enough
 * for one. A short run stores nothing here. `worker/run-driver.ts` is the Durable Object around it.
 */

import {
  DRIVER_ALARM_MS,
  DRIVER_ARMED_AFTER_MS,
  NEVER_ASKED_BEFORE_MS,
  POLL_PAUSE_MAX_MS,
  POLL_PAUSE_MIN_MS,
  REPEAT_DELAY_FIRST_MS,
  REPEAT_DELAY_MAX_MS,
  WAKE_PAUSE_MS,
} from "../core/limits.ts";
import { OUTPUT_START } from "../core/output.ts";
import { repeatDelayMs } from "../core/poll.ts";
import { currentAttempt, isFinal, type RunState } from "../core/run.ts";
import { Drive } from "./drive.ts";
import { type AdvancePorts, advance } from "./flow.ts";
import type { Clock, News } from "./ports.ts";

/** Where a driver lives: its time, its alarm and those who watch. */
export interface DriverHost {
  clock: Clock;
  /** Null where the driver was made for no run. */
  runId: string | null;
  /** What advancing needs. May throw, as any call may. */
  flowPorts(): AdvancePorts;
  /** Calls back once after so many milliseconds, unless the driver is lost by then. The answer forgets it. */
  after(ms: number, callBack: () => void): () => void;
  /** Calls `alarm` after so many milliseconds, also where the driver was lost meanwhile. There is one alarm: a later call replaces it. */
  setAlarm(inMs: number): Promise<void>;
  /** Forgets the alarm and whatever else is stored here. */
  forgetAll(): Promise<void>;
  /** Those who watch right now. */
  watchers(): number;
  announce(news: News): void;
  /** The run is over: lets those go who watch. */
  dismissWatchers(): void;
  /** Ends this driver, as a crash would. */
  abort(why: string): void;
  logError(error: unknown): void;
}

export class Driver {
  readonly #host: DriverHost;
  #drive: Drive | null = null;
  #driving: Promise<void> | null = null;
  /** Whether an alarm may be set, by this life of the driver or one before. */
  #mayBeArmed = true;
  /** Whether this life has set one. */
  #armed = false;
  #forgetArming: () => void = () => {};
  /** The stored run may differ from what `#drive` remembers. */
  #stale = false;
  /** Somebody thinks that it may. */
  #unsure = false;
  /** Somebody came by while the last step was ending or the driver was going to rest. */
  #again = false;
  /** When a step last ended: a driver that hangs is told from one that waits. */
  #progressAt = 0;
  #errors = 0;
  #interrupt = new AbortController();
  #finalWaiters = new Set<() => void>();

  constructor(host: DriverHost) {
    this.#host = host;
  }

  /** Drives a run that was just stored. */
  start(state: RunState): void {
    if (this.#drive === null && this.#driving === null) {
      const neverAsked = this.#now() - state.run.acceptedAt < NEVER_ASKED_BEFORE_MS;
      this.#drive = new Drive(state, neverAsked);
      this.#mayBeArmed = !neverAsked;
    }
    this.ensureDriving();
  }

  /** The stored run changed: look at it now. */
  nudge(): void {
    this.#stale = true;
    this.#interrupt.abort();
    this.ensureDriving();
  }

  /**
   * Drives the run, unless that is being done or was a moment ago: one that rests has an alarm. Who drives it looks at what is
   * stored before the next step, since a nudge can be lost.
   */
  wake(): void {
    this.#unsure = true;
    if (this.#driving === null && this.#now() - this.#progressAt < WAKE_PAUSE_MS) return;
    this.ensureDriving();
  }

  /** The run once it is final, or as it is after `timeoutMs`. */
  async untilFinal(timeoutMs: number): Promise<RunState | null> {
    this.ensureDriving();
    const known = () => this.#drive?.state ?? null;
    if (!isFinal(known()?.run.status ?? "queued"))
      await new Promise<void>((resolve) => {
        const done = () => {
          forget();
          this.#finalWaiters.delete(done);
          resolve();
        };
        const forget = this.#host.after(timeoutMs, done);
        this.#finalWaiters.add(done);
      });
    return known();
  }

  /** What there is to look at. */
  news(): News {
    const drive = this.#drive;
    if (drive === null) return { position: null, final: false };
    const { state, offsets } = drive;
    const { version } = state.run;
    const final = isFinal(state.run.status);
    const attempt = currentAttempt(state);
    if (attempt === null) return { position: OUTPUT_START, final, version };
    // Only a started Machine whose output is captured can have written any.
    const none = attempt.startedAt === null || state.run.spec.capture === "none";
    const seq = offsets?.seq ?? (none ? 0 : null);
    return { position: seq === null ? null : { attempt: attempt.number, seq }, final, version };
  }

  /** Armed again before anything else, so that a crash in here is followed by another alarm. */
  async alarm(): Promise<void> {
    await this.#arm(DRIVER_ALARM_MS);
    // A call that never ends would hold the run for good; the driver holds no facts, so it can be begun anew.
    if (this.#driving !== null && this.#now() - this.#progressAt > 2 * DRIVER_ALARM_MS)
      this.#host.abort("the driver hangs");
    this.ensureDriving();
  }

  /** Drives the run unless that is being done; then it is looked at once more. */
  ensureDriving(): void {
    if (this.#driving !== null) this.#again = true;
    else {
      this.#progressAt = this.#now();
      this.#armSoon();
    }
    this.#driving ??= this.#driveUntilRest()
      // Storage refuses a driver whose code was replaced; the alarm that is set brings the run to the new one.
      .catch((error: unknown) => this.#host.logError(error))
      .finally(() => {
        this.#driving = null;
        // News that came while the last step was ending.
        const again = this.#stale || this.#again;
        this.#again = false;
        if (again) this.ensureDriving();
      });
  }

  /** Advances until the run has nothing left to do, or until a pause that is better spent asleep. */
  async #driveUntilRest(): Promise<void> {
    try {
      const ports = this.#host.flowPorts();
      const drive = await this.#current(ports);
      if (drive === null) return await this.#rest(null);
      while (true) {
        if (this.#stale) await this.#refresh(ports, drive);
        else if (this.#unsure) await this.#lookAgain(ports, drive);
        drive.interrupt = this.#interrupt.signal;
        drive.watched = () => this.#finalWaiters.size > 0 || this.#host.watchers() > 0;
        this.#again = false;
        const next = await advance(ports, drive);
        this.#progressAt = this.#now();
        this.#errors = 0;
        this.#announce();
        if (next === "done") return await this.#rest(null);
        // A watcher's socket is kept by a driver that sleeps, so only a short pause is waited out for them.
        if (next.pauseMs > POLL_PAUSE_MAX_MS || (next.pauseMs >= POLL_PAUSE_MIN_MS && !drive.watched()))
          return await this.#rest(next.pauseMs);
        if (next.pauseMs > 0) await this.#pause(next.pauseMs);
      }
    } catch (error) {
      // What is stored decides anew, with what is remembered forgotten.
      this.#drive = null;
      this.#stale = false;
      this.#errors += 1;
      this.#host.logError(error);
      await this.#rest(repeatDelayMs(this.#errors, REPEAT_DELAY_FIRST_MS, REPEAT_DELAY_MAX_MS));
    }
  }

  async #current(ports: AdvancePorts): Promise<Drive | null> {
    if (this.#drive !== null) return this.#drive;
    this.#stale = false;
    this.#unsure = false;
    this.#interrupt = new AbortController();
    const { runId } = this.#host;
    const state = runId === null ? null : await ports.store.load(runId);
    if (state !== null) this.#drive = new Drive(state, false);
    return this.#drive;
  }

  async #refresh(ports: AdvancePorts, drive: Drive): Promise<void> {
    this.#stale = false;
    this.#unsure = false;
    this.#interrupt = new AbortController();
    await drive.reload(ports);
  }

  async #lookAgain(ports: AdvancePorts, drive: Drive): Promise<void> {
    this.#unsure = false;
    await drive.lookAgain(ports);
  }

  /** A run that lasts gets an alarm, since the driver may be evicted while it waits for something. */
  #armSoon(): void {
    if (this.#armed) return;
    this.#forgetArming();
    this.#forgetArming = this.#host.after(DRIVER_ARMED_AFTER_MS, () => {
      void this.#arm(DRIVER_ALARM_MS).catch((error: unknown) => this.#host.logError(error));
    });
  }

  async #arm(inMs: number): Promise<void> {
    this.#forgetArming();
    this.#mayBeArmed = true;
    await this.#host.setAlarm(inMs);
    this.#armed = true;
  }

  /** Sleeps for a while, or for good: then nothing of this driver needs to be kept. */
  async #rest(pauseMs: number | null): Promise<void> {
    if (pauseMs !== null) {
      await this.#arm(pauseMs);
      // An alarm that is far away looks after nobody who is called earlier.
      this.#armed = pauseMs <= DRIVER_ALARM_MS;
      return;
    }
    this.#forgetArming();
    for (const done of [...this.#finalWaiters]) done();
    this.#host.dismissWatchers();
    if (!this.#mayBeArmed) return;
    this.#armed = false;
    this.#mayBeArmed = false;
    // The alarm, too.
    await this.#host.forgetAll();
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#interrupt;
    return new Promise((resolve) => {
      const done = () => {
        forget();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const forget = this.#host.after(ms, done);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }

  #announce(): void {
    const final = isFinal(this.#drive?.state.run.status ?? "queued");
    if (final) for (const done of [...this.#finalWaiters]) done();
    this.#host.announce(this.news());
  }

  #now(): number {
    return this.#host.clock.now();
  }
}
