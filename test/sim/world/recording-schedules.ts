/** The store of schedules in memory, which takes note of what its ledger can not tell: when rules and pauses were changed, and by which clock it was decided. */

import {
  type ScheduleKey,
  type ScheduleSpec,
  scheduleId,
  timingText,
} from "../../../src/core/schedule/spec.ts";
import type { Decided, Firing, StoredSchedule } from "../../../src/flow/ports/schedules.ts";
import { MemoryScheduleStore } from "../../support/memory-schedule-store.ts";
import type { Scheduler } from "../scheduler.ts";

/** A change of what a job says of one schedule. */
export interface SpecChange {
  trueAt: number;
  /** By the clock of whoever changed it. */
  at: number;
  /** Null where it goes. */
  spec: ScheduleSpec | null;
  /** It counts its due times anew. */
  isNewTiming: boolean;
  /** How far its due times were decided before; null where there was none. */
  decidedTo: number | null;
}

export interface PauseChange {
  trueAt: number;
  /** As they are since then. */
  pausedAt: number | null;
  resumedAt: number | null;
}

/** A look of the minute's cron, from its beginning to its end. */
export interface Tick {
  beganAt: number;
  endedAt: number;
  /** How far its clock was from the worker's. */
  offMs: number;
  /** It was answered, and nothing failed. */
  isWhole: boolean;
}

export class RecordingSchedules extends MemoryScheduleStore {
  readonly ticks: Tick[] = [];
  /** The last time when it was decided by a clock that was quite wrong, and how far that was ahead. */
  #wronglyDecided = { at: -1, offMs: 0 };
  readonly #time: Scheduler;
  readonly #changes = new Map<string, SpecChange[]>();
  readonly #pauses = new Map<string, PauseChange[]>();

  constructor(time: Scheduler) {
    super();
    this.#time = time;
  }

  /** Ids of all schedules that there ever were. */
  get ids(): string[] {
    return [...this.#changes.keys()];
  }

  changesOf(id: string): readonly SpecChange[] {
    return this.#changes.get(id) ?? [];
  }

  pausesOf(id: string): readonly PauseChange[] {
    return this.#pauses.get(id) ?? [];
  }

  /** What was in force at some time of so long, the newest last. */
  lately(id: string, ms: number): ScheduleSpec[] {
    const since = this.#time.now() - ms;
    const changes = this.changesOf(id);
    const specs = changes.flatMap(({ spec }, index) => {
      const until = changes[index + 1]?.trueAt ?? Number.POSITIVE_INFINITY;
      return spec !== null && until >= since ? [spec] : [];
    });
    return specs;
  }

  /** The same store as a call has it whose clock is so far from the worker's. */
  decidedBy(offMs: number): MemoryScheduleStore {
    const record = (decided: Decided[], at: number) => {
      if (offMs !== 0) this.#wronglyDecided = { at: this.#time.now(), offMs };
      return this.record(decided, at);
    };
    return new Proxy<MemoryScheduleStore>(this, {
      get: (target, name) => {
        if (name === "record") return record;
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  /** How far the clock was ahead of the worker's by which it was decided just now; 0 where it was that one, or nothing was. */
  get decidedAheadMs(): number {
    return this.#wronglyDecided.at === this.#time.now() ? this.#wronglyDecided.offMs : 0;
  }

  override sync(...[orgId, job, wanted, at, isJobPaused]: Parameters<MemoryScheduleStore["sync"]>): void {
    const before = this.#ofJob(orgId, job);
    super.sync(orgId, job, wanted, at, isJobPaused);
    const after = this.#ofJob(orgId, job);
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      const [was, is] = [before.get(id), after.get(id)];
      const isNewTiming =
        was === undefined || is === undefined || timingText(was.spec) !== timingText(is.spec);
      this.#changes.set(id, [
        ...this.changesOf(id),
        {
          trueAt: this.#time.now(),
          at,
          spec: is?.spec ?? null,
          isNewTiming,
          decidedTo: was?.place.decidedTo ?? null,
        },
      ]);
    }
    this.#notePauses(after.values());
  }

  override async pause(...[key, at, isPaused]: Parameters<MemoryScheduleStore["pause"]>) {
    const paused = await super.pause(key, at, isPaused);
    if (paused) this.#notePauses([paused]);
    return paused;
  }

  override pauseJob(...[orgId, job, at, isPaused]: Parameters<MemoryScheduleStore["pauseJob"]>): void {
    super.pauseJob(orgId, job, at, isPaused);
    this.#notePauses(this.#ofJob(orgId, job).values());
  }

  /** A row that is of one due time alone; null where there is none. */
  row(key: ScheduleKey, dueAt: number): Firing | null {
    return this.ledger.get(`${scheduleId(key)} ${dueAt} false`) ?? null;
  }

  #notePauses(schedules: Iterable<StoredSchedule>): void {
    for (const schedule of schedules) {
      const id = scheduleId(schedule);
      const { pausedAt, resumedAt } = schedule.place;
      const known = this.pausesOf(id);
      const last = known.at(-1);
      if (last?.pausedAt === pausedAt && last.resumedAt === resumedAt) continue;
      if (!last && pausedAt === null) continue;
      this.#pauses.set(id, [...known, { trueAt: this.#time.now(), pausedAt, resumedAt }]);
    }
  }

  #ofJob(orgId: string, job: string): Map<string, StoredSchedule> {
    const own = [...this.schedules.values()].filter((one) => one.orgId === orgId && one.job === job);
    return new Map(own.map((schedule) => [scheduleId(schedule), schedule]));
  }
}
