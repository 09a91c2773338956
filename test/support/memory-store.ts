/** The Store in memory, for tests that move the clock. It keeps the contract in `test/contracts/store-contract.ts`. */

import { builtChange } from "../../src/core/built-change.ts";
import type { RunEvent } from "../../src/core/event.ts";
import { branchOf, isOfCommit } from "../../src/core/hook/commit.ts";
import { applyEvents } from "../../src/core/lifecycle.ts";
import { LAUNCH_HORIZON_MS, PLACE_MAX_COUNTED } from "../../src/core/limits.ts";
import { isAfter, NO_OUTPUT, type OutputChunk, offsetsAfter } from "../../src/core/output.ts";
import {
  type AppPace,
  afterPuttingBack,
  afterRefusal,
  afterTaking,
  launchAt,
  launchesWithinHorizon,
  nextApp,
  nextLaunchTryAt,
  type TakenLaunch,
} from "../../src/core/pace.ts";
import type { Run, RunState } from "../../src/core/run.ts";
import type { ScheduleKey } from "../../src/core/schedule/spec.ts";
import type { Ticket } from "../../src/core/ticket.ts";
import { LAUNCH_QUEUE, ORGANIZATION_QUEUE, rankOf, scheduleQueue } from "../../src/core/turn.ts";
import type { NewDelivery } from "../../src/flow/ports/hooks.ts";
import type { Firing } from "../../src/flow/ports/schedules.ts";
import type {
  NewRun,
  NumberedEvent,
  OpenRuns,
  Place,
  RunFilter,
  RunPage,
  Store,
  SweptOver,
  UsedKey,
} from "../../src/flow/ports.ts";
import type { MemoryHookStore } from "./memory-hook-store.ts";
import type { MemoryScheduleStore } from "./memory-schedule-store.ts";

/** One run as it is stored. The state is never changed in place, so whoever looks may keep it. */
export interface StoredRun {
  state: RunState;
  events: NumberedEvent[];
  /** By attempt and number. */
  chunks: OutputChunk[];
}

export class MemoryStore implements Store {
  /** By id. For whoever checks what is stored; the flow has the port. */
  readonly runs = new Map<string, StoredRun>();
  readonly keys = new Map<string, { runId: string; bodyHash: string }>();
  #sweepCursors = { runs: "", queues: "", ledgers: "", deliveries: "" };

  #ledger: MemoryScheduleStore | null = null;

  /** Where due times are kept; null in tests without schedules. */
  get ledger(): MemoryScheduleStore | null {
    return this.#ledger;
  }

  set ledger(schedules: MemoryScheduleStore | null) {
    this.#ledger = schedules;
    if (schedules !== null) schedules.runs = this;
  }

  #hooks: MemoryHookStore | null = null;

  /** Where deliveries are kept; null in tests without hooks. */
  set hooks(hooks: MemoryHookStore | null) {
    this.#hooks = hooks;
    if (hooks !== null)
      hooks.runOf = (runId) => {
        const run = this.runs.get(runId)?.state.run;
        return run ? { status: run.status, reason: run.reason } : null;
      };
  }

  /** What the ledger tells of a due time's run. */
  runOf(runId: string): Firing["run"] {
    const state = this.runs.get(runId)?.state;
    if (state === undefined) return null;
    const { status, reason, cancelRequestedAt, tickets } = state.run;
    const starts = state.attempts.flatMap(({ startedAt }) => startedAt ?? []);
    return {
      status,
      reason,
      cancelRequestedAt,
      tickets,
      startedAt: starts.length === 0 ? null : Math.min(...starts),
    };
  }

  /** The run for which a schedule skips its next one. */
  inTheWay({ orgId, job, name }: ScheduleKey): string | null {
    const line = (isHeld: boolean) => this.#line(orgId, scheduleQueue(job, name), isHeld)[0]?.run.id;
    return line(true) ?? line(false) ?? null;
  }

  /** By app. */
  readonly paces = new Map<string, AppPace>();

  async takeLaunch(
    apps: string[],
    intervalMs: number,
    nowMs: number,
    beforeMs = Number.MAX_SAFE_INTEGER,
    inLine: Run | null = null,
  ): Promise<TakenLaunch | null> {
    const app = nextApp(apps, this.paces, nowMs);
    const pace = afterTaking(this.paces.get(app) ?? null, intervalMs, nowMs);
    const at = launchAt(pace, intervalMs);
    if (at >= beforeMs) return null;
    if (inLine !== null && at > nowMs + LAUNCH_HORIZON_MS) return null;
    if (inLine !== null && this.#beforeInLine(inLine) >= this.#freeLaunches(apps, intervalMs, nowMs))
      return null;
    this.paces.set(app, pace);
    return { app, at, nextAt: pace.nextAt };
  }

  async nextLaunchTry(
    ...[run, apps, intervalMs, nowMs, beforeMs]: Parameters<Store["nextLaunchTry"]>
  ): Promise<number | null> {
    return nextLaunchTryAt(this.#pacesOf(apps), this.#beforeInLine(run), intervalMs, nowMs, beforeMs);
  }

  async nextForLaunches(
    ...[orgId, apps, intervalMs, nowMs, limit]: Parameters<Store["nextForLaunches"]>
  ): Promise<string[]> {
    const most = Math.min(limit, Math.max(1, this.#freeLaunches(apps, intervalMs, nowMs)));
    return this.#line(orgId, LAUNCH_QUEUE, false)
      .slice(0, most)
      .map(({ run }) => run.id);
  }

  #pacesOf(apps: string[]): (AppPace | null)[] {
    return apps.map((app) => this.paces.get(app) ?? null);
  }

  #freeLaunches(apps: string[], intervalMs: number, nowMs: number): number {
    return launchesWithinHorizon(this.#pacesOf(apps), intervalMs, nowMs);
  }

  #beforeInLine(run: Run): number {
    return this.#line(run.orgId, LAUNCH_QUEUE, false).filter((other) => isBefore(other.run, run)).length;
  }

  async putLaunchBack(taken: TakenLaunch, intervalMs: number): Promise<void> {
    const pace = this.paces.get(taken.app);
    if (pace) this.paces.set(taken.app, afterPuttingBack(pace, taken, intervalMs));
  }

  async emptyLaunches(app: string, intervalMs: number, nowMs: number): Promise<void> {
    this.paces.set(app, afterRefusal(this.paces.get(app) ?? null, intervalMs, nowMs));
  }

  async accept(...[state, events, key, delivery]: Parameters<Store["accept"]>): ReturnType<Store["accept"]> {
    const { run } = state;
    const used = key ? this.keys.get(`${run.orgId} ${key.key}`) : undefined;
    if (used && used.runId !== run.id) return { kind: "repeated", ...used };
    // Nobody else draws its id: the call comes a second time.
    if (this.runs.has(run.id)) return { kind: "accepted" };
    if (!this.#hasRoom([], run)) return { kind: "no_room" };
    if (run.upstream?.chain) throw new Error("there is no ledger of handovers in memory");
    if (!(this.ledger?.fire(run) ?? true)) return { kind: "not_armed" };
    if (delivery && !this.#deliver(delivery)) return { kind: "delivered" };
    if (key) this.keys.set(`${run.orgId} ${key.key}`, { runId: run.id, bodyHash: key.bodyHash });
    this.keep(state, events);
    return { kind: "accepted" };
  }

  /** Has a run that nothing speaks against. */
  protected keep(state: RunState, events: RunEvent[]): void {
    this.runs.set(state.run.id, { state: copyOf(state), events: numbered(1, events), chunks: [] });
  }

  #deliver(delivery: NewDelivery): boolean {
    if (this.#hooks === null) throw new Error("there is no ledger of deliveries");
    return this.#hooks.deliver(delivery);
  }

  async acceptAll(news: NewRun[]): Promise<boolean> {
    const kept = [this.runs, this.ledger?.ledger].map((map) => new Map<string, unknown>(map));
    for (const { state, events } of news) {
      const isNew = !this.runs.has(state.run.id);
      if (isNew && (await this.accept(state, events, null)).kind === "accepted") continue;
      for (const [index, map] of [this.runs, this.ledger?.ledger].entries()) {
        map?.clear();
        for (const [key, value] of kept[index] ?? []) (map as Map<string, unknown>).set(key, value);
      }
      return false;
    }
    return true;
  }

  async usedKey(orgId: string, key: string): Promise<UsedKey | null> {
    return this.keys.get(`${orgId} ${key}`) ?? null;
  }

  async load(runId: string): Promise<RunState | null> {
    const stored = this.runs.get(runId);
    return stored ? copyOf(stored.state) : null;
  }

  async record(before: RunState, events: RunEvent[], chunks: OutputChunk[]): Promise<RunState | null> {
    const after = await this.recordWithSlots(before, events, chunks);
    if (after === "no_room") throw new Error(`run ${before.run.id} takes a slot where there is none`);
    return after;
  }

  async recordWithSlots(
    before: RunState,
    events: RunEvent[],
    chunks: OutputChunk[],
  ): Promise<RunState | null | "no_room"> {
    const after = applyEvents(before, events);
    if (after === null)
      throw new Error(`${events.map(({ type }) => type)} can not follow in a ${before.run.status} run`);
    const stored = this.#stored(before);
    if (stored.events.some(({ seq }) => seq > before.run.version) || isTaken(stored, chunks)) return null;
    if (!this.#hasRoom(before.run.tickets, after.run)) return "no_room";
    this.follow(before, after, events, chunks);
    return after;
  }

  /** Has what follows in a run, which nothing speaks against. */
  protected follow(before: RunState, after: RunState, events: RunEvent[], chunks: OutputChunk[]): void {
    const stored = this.#stored(before);
    // As in D1, an attempt that these events leave alone keeps what it has.
    const attempts = stored.state.attempts.map((attempt, index) =>
      JSON.stringify(before.attempts[index]) === JSON.stringify(after.attempts[index])
        ? attempt
        : (after.attempts[index] ?? attempt),
    );
    stored.state = copyOf({
      run: after.run,
      attempts: [...attempts, ...after.attempts.slice(attempts.length)],
    });
    stored.events.push(...numbered(before.run.version + 1, events));
    stored.chunks.push(...chunks);
  }

  async appendOutput(state: RunState, chunks: OutputChunk[]): Promise<boolean> {
    const stored = this.#stored(state);
    if (isTaken(stored, chunks)) return false;
    stored.chunks.push(...chunks);
    const last = state.attempts.at(-1);
    if (chunks[0]?.seq !== 1 || !last) return true;
    const attempts = stored.state.attempts.map((attempt) =>
      attempt.number === last.number ? { ...attempt, firstOutputAt: last.firstOutputAt } : attempt,
    );
    stored.state = { ...stored.state, attempts };
    return true;
  }

  async outputOffsets(runId: string, attempt: number) {
    const chunks = this.runs.get(runId)?.chunks ?? [];
    return chunks.filter((chunk) => chunk.attempt === attempt).reduce(offsetsAfter, { ...NO_OUTPUT });
  }

  async readOutput(...[runId, after, limit]: Parameters<Store["readOutput"]>): Promise<OutputChunk[]> {
    const chunks = this.runs.get(runId)?.chunks ?? [];
    return chunks.filter((chunk) => isAfter(chunk, after)).slice(0, limit);
  }

  async lastOutput(runId: string, limit: number): Promise<OutputChunk[]> {
    return (this.runs.get(runId)?.chunks ?? []).slice(-limit);
  }

  async list(orgId: string, filter: RunFilter): Promise<RunPage> {
    const { statuses, tag, originId, job, commit, branch, sinceMs, untilMs, beforeRunId, limit } = filter;
    const found = this.#all()
      .map(({ state }) => state.run)
      .filter(
        (run) =>
          run.orgId === orgId &&
          (statuses.length === 0 || statuses.includes(run.status)) &&
          (tag === null || run.spec.tags[tag.key] === tag.value) &&
          (originId === null || run.originId === originId) &&
          (job === null || run.job?.name === job) &&
          (commit === null || isOfCommit(builtChange(run)?.sha ?? "", commit)) &&
          (branch === null || builtBranch(run) === branch) &&
          (sinceMs === null || run.acceptedAt >= sinceMs) &&
          (untilMs === null || run.acceptedAt < untilMs) &&
          (beforeRunId === null || run.id < beforeRunId),
      )
      .toReversed();
    const runs = found.slice(0, limit);
    return { runs, nextBefore: found.length > limit ? (runs.at(-1)?.id ?? null) : null };
  }

  async summaries(orgId: string, runIds: string[]): Promise<Run[]> {
    return this.#all()
      .map(({ state }) => state.run)
      .filter((run) => run.orgId === orgId && runIds.includes(run.id));
  }

  async events(runId: string, afterSeq: number, limit: number): Promise<NumberedEvent[]> {
    return (this.runs.get(runId)?.events ?? []).filter(({ seq }) => seq > afterSeq).slice(0, limit);
  }

  async isStillDue(run: Run): Promise<boolean> {
    return this.ledger?.isStillDue(run) ?? true;
  }

  async reruns(runId: string, limit: number): Promise<string[]> {
    return this.#all()
      .flatMap(({ state }) => (state.run.originId === runId ? [state.run.id] : []))
      .toReversed()
      .slice(0, limit);
  }

  async openRuns(after: string, quietSince: number, limit: number): Promise<OpenRuns> {
    const runIds = this.#all()
      .map(({ state }) => state.run)
      .filter(
        ({ open, id, updatedAt, restsUntil }) =>
          open && id > after && updatedAt < quietSince && (restsUntil ?? 0) < quietSince,
      )
      .map(({ id }) => id)
      .slice(0, limit);
    return { runIds, nextAfter: (runIds.length === limit && runIds.at(-1)) || null };
  }

  async nextInQueue(orgId: string, queue: string, organizationLimit: number | null): Promise<string | null> {
    const [head] = this.#line(orgId, queue, false);
    const held = this.#line(orgId, queue, true).length;
    const slots = queue === ORGANIZATION_QUEUE ? (organizationLimit ?? Number.MAX_SAFE_INTEGER) : head?.limit;
    return head !== undefined && held < (slots ?? 0) ? head.run.id : null;
  }

  async queueHeads(...[orgId, afterQueue, limit, organizationLimit]: Parameters<Store["queueHeads"]>) {
    const all = new Set(
      this.#all().flatMap(({ state: { run } }) =>
        run.orgId === orgId ? run.tickets.map(({ queue }) => queue) : [],
      ),
    );
    const queues = [...all].filter((queue) => queue > afterQueue).sort();
    const page = queues.slice(0, limit);
    const heads = await Promise.all(page.map((queue) => this.nextInQueue(orgId, queue, organizationLimit)));
    return {
      runIds: heads.filter((head) => head !== null),
      nextAfter: page.length === limit ? (page.at(-1) ?? null) : null,
    };
  }

  /** Here tickets are those of the runs, so that none can be left. */
  async dropLeftTickets(): Promise<number> {
    return 0;
  }

  async placeInQueue(run: Run, queue: string): Promise<Place> {
    const ahead = this.#line(run.orgId, queue, false).filter((other) => isBefore(other.run, run)).length;
    return {
      ahead: Math.min(ahead, PLACE_MAX_COUNTED),
      held: this.#line(run.orgId, queue, true).length,
    };
  }

  async olderInQueue(run: Run, queue: string, spared: number, limit: number): Promise<string[]> {
    return [true, false]
      .flatMap((held) => this.#line(run.orgId, queue, held).map((other) => other.run))
      .filter((other) => other.id < run.id && other.cancelRequestedAt === null && other.settledAt === null)
      .map(({ id }) => id)
      .sort()
      .toReversed()
      .slice(spared, spared + limit);
  }

  /** Those who have a slot of a queue, or wait for one in the order of their line. */
  #line(orgId: string, queue: string, held: boolean): { run: Run; limit: number }[] {
    return this.#all()
      .flatMap(({ state: { run } }) => {
        const ticket = run.tickets.find((one) => one.queue === queue && one.held === held);
        return run.orgId === orgId && ticket ? [{ run, limit: ticket.limit }] : [];
      })
      .sort((a, b) => (isBefore(a.run, b.run) ? -1 : 1));
  }

  /** Whether a run may have every slot that it has now and had not before. */
  #hasRoom(before: Ticket[], run: Run): boolean {
    return run.tickets.every(
      ({ queue, limit, held }) =>
        !held ||
        before.some((ticket) => ticket.held && ticket.queue === queue) ||
        (this.#line(run.orgId, queue, true).length < limit &&
          !this.#line(run.orgId, queue, false).some((other) => isBefore(other.run, run))),
    );
  }

  async sweepCursors() {
    return { ...this.#sweepCursors };
  }

  async keepSweepCursor(over: SweptOver, cursor: string): Promise<void> {
    this.#sweepCursors[over] = cursor;
  }

  /** By id, which is the order of the database's key. */
  #all(): StoredRun[] {
    return [...this.runs.values()].sort((a, b) => (a.state.run.id < b.state.run.id ? -1 : 1));
  }

  #stored({ run }: RunState): StoredRun {
    const stored = this.runs.get(run.id);
    if (!stored) throw new Error(`run ${run.id} is not stored`);
    return stored;
  }
}

/** A store that has one run, with the events that were recorded of it since. */
export function memoryStore(first: RunState): {
  store: Store;
  state(): RunState;
  readonly events: RunEvent[];
} {
  const store = new MemoryStore();
  const stored: StoredRun = { state: first, events: [], chunks: [] };
  store.runs.set(first.run.id, stored);
  return {
    store,
    state: () => stored.state,
    get events() {
      return stored.events.map(({ event }) => event);
    },
  };
}

/** Whether a run comes before another in a line. */
function isBefore(run: Run, other: Run): boolean {
  return rankOf(run) === rankOf(other) ? run.id < other.id : rankOf(run) < rankOf(other);
}

function numbered(first: number, events: RunEvent[]): NumberedEvent[] {
  return events.map((event, index) => ({ seq: first + index, event }));
}

/** The numbers of chunks are a key, as those of events are. */
function isTaken(stored: StoredRun, chunks: OutputChunk[]): boolean {
  return chunks.some(({ attempt, seq }) =>
    stored.chunks.some((chunk) => chunk.attempt === attempt && chunk.seq === seq),
  );
}

/** What nobody else can change: a run and its attempts one level deep, which is as deep as anybody writes. */
function copyOf(state: RunState): RunState {
  return { run: { ...state.run }, attempts: state.attempts.map((attempt) => ({ ...attempt })) };
}

function builtBranch(run: Run): string | null {
  const change = builtChange(run);
  return change && branchOf(change);
}
