/**
 * The driver of one run: a Durable Object named by the run's id. It holds no facts. It calls `advance`, one caller at a time,
 * and is the place where the run's watchers are told to look again. Losing it loses nothing: what it left is found by the
 * sweep, and by an alarm where the run has lasted long enough for one. A short run stores nothing here.
 */

import { DurableObject } from "cloudflare:workers";
import {
  DRIVER_ALARM_MS,
  DRIVER_ARMED_AFTER_MS,
  NEVER_ASKED_BEFORE_MS,
  POLL_PAUSE_MAX_MS,
  POLL_PAUSE_MIN_MS,
  REPEAT_DELAY_FIRST_MS,
  REPEAT_DELAY_MAX_MS,
  WAKE_PAUSE_MS,
  WATCHERS_MAX,
} from "../core/limits.ts";
import { type ChunkPosition, OUTPUT_START } from "../core/output.ts";
import { repeatDelayMs } from "../core/poll.ts";
import { currentAttempt, isFinal, type RunState } from "../core/run.ts";
import { Drive } from "../flow/drive.ts";
import { advance, type FlowPorts } from "../flow/flow.ts";
import type { News } from "../flow/ports.ts";
import type { Env } from "./env.ts";
import { flowPorts } from "./ports.ts";

export class RunDriver extends DurableObject<Env> {
  #drive: Drive | null = null;
  #driving: Promise<void> | null = null;
  /** Whether an alarm may be set, by this life of the object or one before. */
  #mayBeArmed = true;
  /** Whether this life has set one. */
  #armed = false;
  #forgetArming: () => void = () => {};
  /** The stored run may differ from what `#drive` remembers. */
  #stale = false;
  /** Somebody came by while the last step was ending or the object was going to rest. */
  #again = false;
  /** When a step last ended: a driver that hangs is told from one that waits. */
  #progressAt = 0;
  #errors = 0;
  #interrupt = new AbortController();
  #finalWaiters = new Set<() => void>();

  /** Drives a run that was just stored. */
  start(state: RunState): void {
    if (this.#drive === null && this.#driving === null) {
      const neverAsked = Date.now() - state.run.acceptedAt < NEVER_ASKED_BEFORE_MS;
      this.#drive = new Drive(state, neverAsked);
      this.#mayBeArmed = !neverAsked;
    }
    this.#ensureDriving();
  }

  /** The stored run changed: look at it now. */
  nudge(): void {
    this.#stale = true;
    this.#interrupt.abort();
    this.#ensureDriving();
  }

  /** Drives the run, unless that is being done or was a moment ago: one that rests has an alarm. */
  wake(): void {
    if (this.#driving === null && Date.now() - this.#progressAt < WAKE_PAUSE_MS) return;
    this.#ensureDriving();
  }

  /** The run once it is final, or as it is after `timeoutMs`. */
  async untilFinal(timeoutMs: number): Promise<RunState | null> {
    this.#ensureDriving();
    const known = () => this.#drive?.state ?? null;
    if (!isFinal(known()?.run.status ?? "queued"))
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#finalWaiters.delete(done);
          resolve();
        };
        const timer = setTimeout(done, timeoutMs);
        this.#finalWaiters.add(done);
      });
    return known();
  }

  /** Lets a watcher in. It hears at once that there may be something to look at, and then each time there is. */
  override async fetch(): Promise<Response> {
    if (this.ctx.getWebSockets().length >= WATCHERS_MAX)
      return new Response("too many watchers", { status: 429 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    tell(server, JSON.stringify(this.#news()));
    // A rare poll becomes a held one when somebody watches.
    this.#ensureDriving();
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Armed again before anything else, so that a crash in here is followed by another alarm. */
  override async alarm(): Promise<void> {
    await this.#arm(DRIVER_ALARM_MS);
    // A call that never ends would hold the run for good; the object holds no facts, so it can be begun anew.
    if (this.#driving !== null && Date.now() - this.#progressAt > 2 * DRIVER_ALARM_MS)
      this.ctx.abort("the driver hangs");
    this.#ensureDriving();
  }

  #ensureDriving(): void {
    if (this.#driving !== null) this.#again = true;
    else {
      this.#progressAt = Date.now();
      this.#armSoon();
    }
    this.#driving ??= this.#driveUntilRest()
      // Storage refuses an object whose code was replaced; the alarm that is set brings the run to the new one.
      .catch((error: unknown) => logError(error, this.ctx.id.name))
      .finally(() => {
        this.#driving = null;
        // News that came while the last step was ending.
        const again = this.#stale || this.#again;
        this.#again = false;
        if (again) this.#ensureDriving();
      });
  }

  /** Advances until the run has nothing left to do, or until a pause that is better spent asleep. */
  async #driveUntilRest(): Promise<void> {
    try {
      const ports = flowPorts(this.env);
      const drive = await this.#current(ports);
      if (drive === null) return await this.#rest(null);
      while (true) {
        if (this.#stale) await this.#refresh(ports, drive);
        drive.interrupt = this.#interrupt.signal;
        drive.watched = () => this.#finalWaiters.size > 0 || this.ctx.getWebSockets().length > 0;
        this.#again = false;
        const next = await advance(ports, drive);
        this.#progressAt = Date.now();
        this.#errors = 0;
        this.#announce();
        if (next === "done") return await this.#rest(null);
        // A watcher's socket is kept by an object that sleeps, so only a short pause is waited out for them.
        if (next.pauseMs > POLL_PAUSE_MAX_MS || (next.pauseMs >= POLL_PAUSE_MIN_MS && !drive.watched()))
          return await this.#rest(next.pauseMs);
        if (next.pauseMs > 0) await this.#pause(next.pauseMs);
      }
    } catch (error) {
      // What is stored decides anew, with what is remembered forgotten.
      this.#drive = null;
      this.#stale = false;
      this.#errors += 1;
      logError(error, this.ctx.id.name);
      await this.#rest(repeatDelayMs(this.#errors, REPEAT_DELAY_FIRST_MS, REPEAT_DELAY_MAX_MS));
    }
  }

  async #current(ports: FlowPorts): Promise<Drive | null> {
    if (this.#drive !== null) return this.#drive;
    this.#stale = false;
    this.#interrupt = new AbortController();
    const state = this.ctx.id.name === undefined ? null : await ports.store.load(this.ctx.id.name);
    if (state !== null) this.#drive = new Drive(state, false);
    return this.#drive;
  }

  async #refresh(ports: FlowPorts, drive: Drive): Promise<void> {
    this.#stale = false;
    this.#interrupt = new AbortController();
    await drive.reload(ports.store);
  }

  /** A run that lasts gets an alarm, since the object may be evicted while it waits for something. */
  #armSoon(): void {
    if (this.#armed) return;
    this.#forgetArming();
    const timer = setTimeout(() => {
      void this.#arm(DRIVER_ALARM_MS).catch((error: unknown) => logError(error, this.ctx.id.name));
    }, DRIVER_ARMED_AFTER_MS);
    this.#forgetArming = () => clearTimeout(timer);
  }

  async #arm(inMs: number): Promise<void> {
    this.#forgetArming();
    this.#mayBeArmed = true;
    await this.ctx.storage.setAlarm(Date.now() + inMs);
    this.#armed = true;
  }

  /** Sleeps for a while, or for good: then nothing of this object needs to be kept. */
  async #rest(pauseMs: number | null): Promise<void> {
    if (pauseMs !== null) return this.#arm(pauseMs);
    this.#forgetArming();
    for (const done of [...this.#finalWaiters]) done();
    for (const socket of this.ctx.getWebSockets()) socket.close(1000, "the run is over");
    if (!this.#mayBeArmed) return;
    this.#armed = false;
    this.#mayBeArmed = false;
    // The alarm, too.
    await this.ctx.storage.deleteAll();
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#interrupt;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }

  #announce(): void {
    const final = isFinal(this.#drive?.state.run.status ?? "queued");
    if (final) for (const done of [...this.#finalWaiters]) done();
    const news = JSON.stringify(this.#news());
    for (const socket of this.ctx.getWebSockets()) tell(socket, news);
  }

  #news(): News {
    const drive = this.#drive;
    if (drive === null) return { position: null, final: false };
    return { position: lastPosition(drive), final: isFinal(drive.state.run.status) };
  }
}

/** The last stored piece of output; null where it must be looked up. */
function lastPosition({ state, offsets }: Drive): ChunkPosition | null {
  const attempt = currentAttempt(state);
  if (attempt === null) return OUTPUT_START;
  // Only a started Machine whose output is captured can have written any.
  const none = attempt.startedAt === null || state.run.spec.capture === "none";
  const seq = offsets?.seq ?? (none ? 0 : null);
  return seq === null ? null : { attempt: attempt.number, seq };
}

/** A watcher that is on its way out is no reason to stop driving. */
function tell(socket: WebSocket, news: string): void {
  try {
    if (socket.readyState === WebSocket.OPEN) socket.send(news);
  } catch {
    // It closed in between.
  }
}

function logError(error: unknown, run?: string): void {
  const stack = error instanceof Error ? error.stack : undefined;
  console.error(JSON.stringify({ level: "error", run, error: String(error), stack }));
}
