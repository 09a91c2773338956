/** The memory of one driver while it advances one run. All of it can be lost: it only spares look-ups and paces repeats. */

import type { Attempt } from "../core/attempt.ts";
import type { MachineCreated, RunEvent } from "../core/event.ts";
import { applyEvents } from "../core/lifecycle.ts";
import {
  MACHINE_LOST_AFTER_MS,
  NEVER_ASKED_BEFORE_MS,
  OUTPUT_READ_FIRST_BYTES,
  REPEAT_DELAY_FIRST_MS,
  REPEAT_DELAY_MAX_MS,
} from "../core/limits.ts";
import { type OutputOffsets, offsetsAfter } from "../core/output.ts";
import { repeatDelayMs, spread } from "../core/poll.ts";
import type { ReadTail } from "../core/redacted-stream.ts";
import { currentAttempt, type RunState } from "../core/run.ts";
import type { StepEvent } from "../core/step/record.ts";
import type { Findings } from "./flow.ts";
import type { AttemptSecrets } from "./ports/secrets.ts";
import type { Clock, Store } from "./ports.ts";

export class Drive {
  /** As last stored or loaded. */
  state: RunState;
  /** What of the current attempt's output is stored; null where it must be looked up first. */
  offsets: OutputOffsets | null = null;
  /** Facts of the current attempt's steps that were read and come to nothing more: its record is not asked for them again. */
  factsRead = 0;
  /** What was read last of streams that are redacted; null where reading begins anew. Belongs to `offsets`. */
  tails: { stdout: ReadTail | null; stderr: ReadTail | null } = { stdout: null, stderr: null };
  /** The current attempt's secrets; null until they are asked for. */
  secrets: AttemptSecrets | null = null;
  /** Calls that have given the current attempt's Machine some of them. */
  givenCalls = 0;
  /** True where the current attempt's Machine is started and was found not to take them. */
  lacksSecrets = false;
  /** True while nobody can have asked for the planned Machine, so that no look-up is needed before asking. */
  neverAsked: boolean;
  /**
   * True while every ask for the planned Machine is one of this driver's own: it planned the attempt, and any other who asks says so
   * in an event first (`launch.ts`), which is news. Who takes over knows no more: a Machine of before can have run and be lost.
   */
  asksAreOwn: boolean;
  /** An own ask was answered in a way that leaves it open whether the Machine exists, or not at all. No later answer settles that. */
  askIsUnclear = false;
  /** What the Machines API said to the last ask that made no Machine. */
  lastAnswer: string | null = null;
  /** Looks for the Machine that found none, since the last ask and the last news of the run. */
  emptyLookups = 0;
  /** Since when the Machine is looked for, answer upon answer; null where the next look is the first. */
  lookedSince: number | null = null;
  /** When this driver last stored an event, where nobody else has stored one since; null where it has stored none. */
  wordAt: number | null = null;
  /** The Machine that this driver was given last. Where somebody else wrote first it is not recorded yet. */
  made: MachineCreated | null = null;
  /** The time of the launch that an ask has used; null where none has. */
  spentLaunchAt: number | null = null;
  /** Calls in a row that failed for a passing reason. */
  failures = 0;
  /** True once the Machine was seen to wait for its start. */
  isReady = false;
  /** True while this driver is the one that starts the waiting Machine: it has stored that, and nobody has stored anything since. */
  isStarter = false;
  /** True where somebody else was to start it before. */
  hasTakenOver = false;
  /** When this driver last asked for the Machine's start, unless the answer said that this did nothing; null: it has not. */
  startAskedAt: number | null = null;
  /** True where that was answered: it is being started. */
  isStarting = false;
  /** Since when the Machine answers as if it did not exist; null while it does. */
  absentSince: number | null = null;
  /** Bytes to ask for in one read of output. */
  readBytes: number = OUTPUT_READ_FIRST_BYTES;
  /** True once a passed limit was answered by a last look that brought no end. */
  lookedLast = false;
  /** Last looks in a row that came to no answer. */
  lastLooks = 0;
  /** Whether the Machine had its image when it was last looked at; null where it was not. */
  imageSeen: boolean | null = null;
  /** True where somebody was asked for news and did not answer. */
  unheard = false;
  /** When the Machine was last told to go, in this memory. */
  letGoAt: number | null = null;
  /** Aborts the call that is waiting, when somebody has news for the driver. */
  interrupt: AbortSignal | undefined;
  /** Whether anybody is watching right now. */
  watched: () => boolean = () => false;

  constructor(state: RunState, neverAsked: boolean) {
    this.state = state;
    this.neverAsked = neverAsked;
    this.asksAreOwn = neverAsked;
  }

  /** The attempt under way. Steps that need one are only decided where there is one. */
  attempt(): Attempt {
    const attempt = currentAttempt(this.state);
    if (!attempt) throw new Error(`run ${this.state.run.id} has no attempt yet`);
    return attempt;
  }

  /** Bytes that the attempts before this one have stored: the bounds of output are those of the run. */
  earlierBytes(): number {
    return this.state.attempts
      .slice(0, -1)
      .reduce((sum, { output }) => sum + (output?.stdoutBytes ?? 0) + (output?.stderrBytes ?? 0), 0);
  }

  /** The id of the attempt's Machine, likewise. */
  machineId(): string {
    const id = this.attempt().machineId;
    if (id === null) throw new Error(`run ${this.state.run.id} has no machine yet`);
    return id;
  }

  /** That the attempt under way has a Machine, where this driver knows of one and the run does not. One that is over takes no such news. */
  unrecorded(): MachineCreated | null {
    const attempt = currentAttempt(this.state);
    const isNews = attempt?.machineId === null && attempt.number === this.made?.attempt;
    return isNews && attempt.settledAt === null ? this.made : null;
  }

  /** True where nobody, here or elsewhere, can have asked for the Machine, so that none has to be looked for. */
  hasNoMachine(nowMs: number): boolean {
    if (currentAttempt(this.state)?.mayBeAsked === false) return true;
    return this.neverAsked && this.#isFresh(nowMs);
  }

  /**
   * True where the attempt under way never had a Machine: nobody asked, or all asks were this driver's own and each was refused. Of
   * one that was left open no look tells it: its Machine can have run and been lost with its host, and is in no list then. It holds
   * for what is stored next, since news of another's ask would prevent that.
   */
  neverHadMachine(): boolean {
    const attempt = currentAttempt(this.state);
    if (attempt === null || attempt.machineId !== null) return attempt === null;
    if (!attempt.mayBeAsked) return true;
    return this.asksAreOwn && !this.askIsUnclear;
  }

  /** Whether the attempt was planned so lately that another driver, which looks twice before it asks, can not have come to that. */
  #isFresh(nowMs: number): boolean {
    const ageMs = nowMs - (currentAttempt(this.state)?.createAskedAt ?? 0);
    return ageMs >= 0 && ageMs < NEVER_ASKED_BEFORE_MS;
  }

  /**
   * The attempt under way and the run as they are with these events of its steps, which are recorded together with others; and the events
   * themselves, without any that can not follow: what a Machine tells of its steps never keeps a run from its end.
   */
  withSteps(told: StepEvent[]): { events: StepEvent[]; state: RunState; attempt: Attempt } {
    let state = this.state;
    const events = told.filter((event) => {
      const after = applyEvents(state, [event]);
      state = after ?? state;
      return after !== null;
    });
    return { events, state, attempt: currentAttempt(state) ?? this.attempt() };
  }

  /**
   * Takes note that the Machine answered as if it did not exist, and says whether it has for so long that this is believed: by two
   * looks at least, as a clock can be set meanwhile.
   * @param askedAtMs of when the answer tells, which can be late
   */
  isAbsentForLong(askedAtMs: number, nowMs: number): boolean {
    const isFirst = this.absentSince === null;
    this.absentSince ??= nowMs;
    return !isFirst && askedAtMs - this.absentSince >= MACHINE_LOST_AFTER_MS;
  }

  /** The pause before repeating what just failed, longer each time. */
  backOffMs(): number {
    this.failures += 1;
    const delay = repeatDelayMs(this.failures, REPEAT_DELAY_FIRST_MS, REPEAT_DELAY_MAX_MS);
    return spread(delay, `${this.state.run.id}${this.failures}`);
  }

  /** The pause after a wait that found nothing: none where it waited, a growing one where it answered at once. */
  pauseAfterWait(beganAt: number, now: number): number {
    return now - beganAt < REPEAT_DELAY_FIRST_MS ? this.backOffMs() : 0;
  }

  /**
   * Stores what a step found. Where another writer was first, all is forgotten and looked up again.
   * @returns whether it is stored
   */
  async remember(
    { store, clock }: { store: Store; clock: Clock },
    { events, chunks }: Findings,
  ): Promise<boolean> {
    if (events.length === 0 && chunks.length === 0) return true;
    const before = this.#withFirstOutput(chunks[0]?.at ?? null);
    const after =
      events.length > 0
        ? await store.record(before, events, chunks)
        : (await store.appendOutput(before, chunks))
          ? before
          : null;
    if (after === null) {
      await this.reload({ store, clock });
      return false;
    }
    this.#takeOwn(after, clock);
    for (const chunk of chunks) if (this.offsets) this.offsets = offsetsAfter(this.offsets, chunk);
    return true;
  }

  /** Stores events that take slots. Where one can not be had nothing is stored; where another writer was first all is looked up again. */
  async rememberSlots(
    { store, clock }: { store: Store; clock: Clock },
    events: RunEvent[],
  ): Promise<"stored" | "overtaken" | "no_room"> {
    const after = await store.recordWithSlots(this.state, events, []);
    if (after === "no_room") return after;
    if (after === null) {
      await this.reload({ store, clock });
      return "overtaken";
    }
    this.#takeOwn(after, clock);
    return "stored";
  }

  /**
   * This drive as it will be once these events are recorded, for one look ahead. It begins with this one's offsets; what it
   * comes to remember is not kept.
   */
  ahead(events: RunEvent[]): Drive {
    const after = applyEvents(this.state, events);
    if (after === null) throw new Error(`run ${this.state.run.id} can not go on as looked ahead`);
    const drive = new Drive(after, false);
    drive.offsets = this.offsets;
    drive.secrets = this.secrets;
    drive.interrupt = this.interrupt;
    drive.watched = this.watched;
    return drive;
  }

  /** Loads the run anew. */
  async reload({ store, clock }: { store: Store; clock: Clock }): Promise<void> {
    this.#takeOver(await this.#load(store), clock.now());
    this.#forgetRead();
    // Whoever calls for it does not wait for the time of the next look.
    this.emptyLookups = 0;
    this.lookedSince = null;
  }

  /** Loads the run, and forgets nothing where nobody has changed it. */
  async lookAgain({ store, clock }: { store: Store; clock: Clock }): Promise<void> {
    const state = await this.#load(store);
    if (state.run.version === this.state.run.version) return;
    this.#takeOver(state, clock.now());
    this.#forgetRead();
  }

  #forgetRead(): void {
    this.offsets = null;
    this.factsRead = 0;
    this.tails = { stdout: null, stderr: null };
  }

  async #load(store: Store): Promise<RunState> {
    const state = await store.load(this.state.run.id);
    if (state === null) throw new Error(`run ${this.state.run.id} is gone from the store`);
    return state;
  }

  /** Goes on with a state that this driver has stored. Whoever has just planned an attempt is the first to ask for its Machine. */
  #takeOwn(state: RunState, clock: Clock): void {
    const isNewAttempt = state.attempts.length > this.state.attempts.length;
    const wasNotToBeAsked = currentAttempt(this.state)?.mayBeAsked === false;
    if (state.run.version !== this.state.run.version) this.wordAt = clock.now();
    this.#take(state);
    if (!isNewAttempt && !wasNotToBeAsked) return;
    this.neverAsked = this.#isFresh(clock.now());
    this.asksAreOwn = true;
  }

  /** Goes on with a state that somebody else may have made, who may have asked for the Machine too, and not have told it yet. */
  #takeOver(state: RunState, nowMs: number): void {
    const isNews = state.run.version !== this.state.run.version;
    const isNewAttempt = state.attempts.length > this.state.attempts.length;
    const isDriven = this.#isDrivenByOthers(state);
    this.#take(state);
    if (isNews) {
      this.isStarter = false;
      this.wordAt = null;
      this.lookedSince = null;
    }
    if (isNewAttempt || isDriven || (isNews && !this.#isFresh(nowMs))) this.neverAsked = false;
    if (isNewAttempt || isDriven) this.asksAreOwn = false;
  }

  /** Whether anybody else than who wishes to cancel has written since. */
  #isDrivenByOthers({ run }: RunState): boolean {
    const before = this.state.run;
    const wishes = before.cancelRequestedAt === null && run.cancelRequestedAt !== null ? 1 : 0;
    return run.version > before.version + wishes;
  }

  /** Goes on with a newer state. Of an attempt before nothing is remembered. */
  #take(state: RunState): void {
    const isNewAttempt = state.attempts.length > this.state.attempts.length;
    // A look from before says nothing of who has asked until now.
    if (state.run.version !== this.state.run.version) this.emptyLookups = 0;
    this.state = state;
    if (!isNewAttempt) return;
    this.#forgetRead();
    this.secrets = null;
    this.givenCalls = 0;
    this.lacksSecrets = false;
    this.lookedSince = null;
    this.spentLaunchAt = null;
    this.askIsUnclear = false;
    this.lastAnswer = null;
    this.isReady = false;
    this.isStarter = false;
    this.startAskedAt = null;
    this.isStarting = false;
    this.failures = 0;
    this.absentSince = null;
    this.readBytes = OUTPUT_READ_FIRST_BYTES;
    this.lookedLast = false;
    this.lastLooks = 0;
    this.imageSeen = null;
    this.unheard = false;
    this.letGoAt = null;
  }

  #withFirstOutput(at: number | null): RunState {
    const attempt = currentAttempt(this.state);
    if (at === null || attempt === null || attempt.firstOutputAt !== null) return this.state;
    return {
      ...this.state,
      attempts: [...this.state.attempts.slice(0, -1), { ...attempt, firstOutputAt: at }],
    };
  }
}
